/** A score for people: three decimals below 10 without trailing zeros beyond the second, fewer above. */
export function formatScore(score: number): string {
  const size = Math.abs(score);
  if (size >= 100) return Math.round(score).toString();
  if (size >= 10) return score.toFixed(1);
  return score.toFixed(3).replace(/0$/, '');
}

/** A share as a percentage with one decimal: `5.0%`. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  return `${(Math.abs(percent) < 0.05 ? 0 : percent).toFixed(1)}%`;
}

/** A relative change with its sign: `-7.0%`, `+1.2%`, `0.0%`; from ten times on as a factor: `x11`. */
export function formatChange(change: number): string {
  if (change >= 9) return `x${Math.round(change + 1)}`;
  const text = formatPercent(change);
  return change > 0 && text !== '0.0%' ? `+${text}` : text;
}
