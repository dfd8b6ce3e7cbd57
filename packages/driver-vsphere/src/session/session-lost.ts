/** Says that an answer shows a session that is no longer valid, though it is no fault. Never leaves the package. */
export class SessionLost extends Error {}
