/** SQL that sums up the checkpoint tables, row for row: the same text means that nothing in them has changed. */
export const TABLES_SUM = ['checkpoints', 'checkpoint_blobs', 'checkpoint_writes', 'checkpoint_migrations']
  .map(
    (table) =>
      `SELECT '${table}' AS name, count(*)::int AS rows, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS sum,
        (SELECT md5(coalesce(string_agg(xmin::text || ctid::text, '|' ORDER BY ctid), '')) FROM ${table}) AS tuples FROM ${table} t`,
  )
  .join(' UNION ALL ')
  .concat(' ORDER BY name');
