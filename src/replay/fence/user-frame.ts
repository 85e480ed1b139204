import { fileURLToPath } from 'node:url';

const OWN_FOLDER = fileURLToPath(new URL('..', import.meta.url));

/**
 * The first frame of a stack that is neither Node.js nor this package nor an installed one, as `file:line:column`; the
 * first of an installed package where there is no other. Undefined when the stack names none.
 */
export function userFrame(stack: string | undefined): string | undefined {
  const frames = (stack ?? '')
    .split('\n')
    .map((line) => /^\s+at (?:.*?\()?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(line)?.[1])
    .filter((frame) => frame !== undefined)
    .map((frame) => (frame.startsWith('file:') ? pathOf(frame) : frame))
    .filter((frame) => !isOwn(frame));
  return frames.find((frame) => !/[\\/]node_modules[\\/]/.test(frame)) ?? frames[0];
}

function pathOf(frame: string): string {
  const position = /:\d+:\d+$/.exec(frame)?.[0] ?? '';
  return `${fileURLToPath(frame.slice(0, frame.length - position.length))}${position}`;
}

function isOwn(frame: string): boolean {
  return frame.startsWith(OWN_FOLDER) && !/\.test\.[cm]?[jt]s:/.test(frame);
}
