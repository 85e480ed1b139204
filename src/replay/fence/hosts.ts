/** Somewhere that a connection goes: a host and port, or the path of a local socket. */
export interface Destination {
  readonly host?: string | undefined;
  readonly port?: number | string | undefined;
  readonly path?: string | undefined;
}

/** `host:port`, or the path. */
export function describeDestination({ host, port, path }: Destination): string {
  if (path !== undefined) return path;
  const name = host ?? 'localhost';
  const bracketed = name.includes(':') ? `[${name}]` : name;
  return port === undefined || port === '' ? bracketed : `${bracketed}:${port}`;
}

/**
 * Whether a destination is among those allowed: `api.example.com` (any port), `api.example.com:443`,
 * `*.example.com` (its subdomains), `[::1]:80`, or the path of a local socket. Case does not count.
 */
export function isAllowedHost(destination: Destination, allowed: readonly string[]): boolean {
  const whole = describeDestination(destination).toLowerCase();
  const host = describeDestination({ host: destination.host, path: destination.path }).toLowerCase();
  return allowed.some((entry) => {
    const wanted = entry.trim().toLowerCase();
    if (wanted === whole || wanted === host || `[${wanted}]` === host) return true;
    if (!wanted.startsWith('*.')) return false;
    const [suffix = '', port] = wanted.slice(1).split(':');
    return host.endsWith(suffix) && (port === undefined || whole === `${host}:${port}`);
  });
}
