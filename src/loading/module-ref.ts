import { UsageError } from '../core/index.ts';

/** A module file and the name of one of its exports. */
export interface ModuleRef {
  /** As it was written: relative files start at the working directory. */
  readonly file: string;
  readonly exportName: string;
}

/**
 * Parses `./file.ts#export`. Without `#export` it is the default export. The last `#` counts, so that folders may have one
 * in their name.
 *
 * @throws UsageError `MODULE_REF_INVALID` when the file or the name behind `#` is missing.
 */
export function parseModuleRef(text: string): ModuleRef {
  const hash = text.lastIndexOf('#');
  const file = hash < 0 ? text : text.slice(0, hash);
  const exportName = hash < 0 ? 'default' : text.slice(hash + 1);
  if (file.trim() === '' || exportName.trim() === '') {
    throw new UsageError('MODULE_REF_INVALID', `${JSON.stringify(text)} does not name a module's export.`, {
      hint: 'Write the file and the export: ./agent.ts#graph',
    });
  }
  return { file, exportName };
}
