/** Says that a quick reader met something it does not know: the full parser decides then. Never leaves the package. */
export class UnknownShape extends Error {}
