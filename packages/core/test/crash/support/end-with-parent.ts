/** For the programs of `children/`: the end of the test that started one is its end too. */
export function endWithParent(): void {
  process.once('disconnect', () => process.exit(1))
  // It is no reason to live on, either.
  process.channel?.unref()
}
