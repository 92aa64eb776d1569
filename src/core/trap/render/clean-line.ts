/** No packet text may end a line of ours: line ends and NULs become blanks. */
export function cleanLine(value: string): string {
  return /[\r\n\0]/.test(value) ? value.replace(/[\r\n\0]/g, ' ') : value;
}
