/** What a code means, and what the person who sees it does next. The documentation's table is made from this. */
export interface ErrorMeaning {
  readonly meaning: string
  readonly remedy: string
}

/**
 * Every error code of vmunit. Codes are stable within a major version, messages are not;
 * a minor version may add codes.
 */
export const ERROR_CODES = {
  ERR_ALREADY_EXISTS: {
    meaning: 'A record with that name exists.',
    remedy: 'Choose another name, or use the one that exists.',
  },
  ERR_APPROVAL_REFUSED: {
    meaning: 'The answer does not count: the requester cannot approve, or the plan is another one.',
    remedy: 'Let a second person answer, for the plan hash that the request names.',
  },
  ERR_CANCELLED: {
    meaning: 'The run was cancelled for good.',
    remedy: 'Read the servers that the error names as half done, then plan again.',
  },
  ERR_CERTIFICATE: {
    meaning: 'A server did not prove by its certificate that it is the right one; nothing was sent to it.',
    remedy:
      'Compare the certificate that the error names with that of the server; then trust its authority, or pin it.',
  },
  ERR_CLAIMED: {
    meaning: 'Groups of the plan belong to another run that has not ended.',
    remedy: 'Wait for the run that the error names, resume it, or cancel it.',
  },
  ERR_CLOSED: {
    meaning: 'The object was used after it was closed.',
    remedy: 'Create a new one; close it when the work is done.',
  },
  ERR_COMMAND_FAILED: {
    meaning: 'A command in a guest ended with an exit code that means failure.',
    remedy: 'Read the output in the details, repair the command or the guest, then run again.',
  },
  ERR_CONFLICT: {
    meaning: 'Somebody else changed the same thing first, or a name is taken.',
    remedy: 'Read again and repeat the call.',
  },
  ERR_DECLINED: {
    meaning: 'A person declined what the run asked for.',
    remedy: 'The message says who and why; settle it with that person, then plan again.',
  },
  ERR_DRIVER: {
    meaning: 'A driver answered with something that has no code of its own.',
    remedy: 'Read the cause; it holds the answer of the platform.',
  },
  ERR_DUPLICATE_ADDRESS: {
    meaning: 'The same address appears twice.',
    remedy: 'Give each server an address of its own.',
  },
  ERR_EXTERNAL_DIRECTORY: {
    meaning: 'Accounts and rights come from an external directory, so they are not managed here.',
    remedy: 'Change them in the directory.',
  },
  ERR_HOST_KEY: {
    meaning: 'A guest did not prove the host key that is expected of it.',
    remedy: 'Find out why the key changed before you trust the guest.',
  },
  ERR_HOST_KEY_REUSED: {
    meaning: 'A guest shows the host key of the image it was made from, which every other one made from it has too.',
    remedy: 'Remove the host keys from the template, so that each guest makes its own when it boots first.',
  },
  ERR_INTERNAL: {
    meaning: 'vmunit contradicts itself.',
    remedy: 'Report it with the run id and the details.',
  },
  ERR_INVALID_DEFINITION: {
    meaning: 'A definition directory is missing, incomplete or holds something that is not allowed.',
    remedy: 'Repair the files that the issues name, then import again.',
  },
  ERR_INVALID_FILE: {
    meaning: 'A file does not follow its format.',
    remedy: 'Repair the lines that the issues name.',
  },
  ERR_INVALID_INPUT: {
    meaning: 'The input of an operation is not acceptable.',
    remedy: 'Correct the fields that the issues name.',
  },
  ERR_JOB_UNKNOWN: {
    meaning: 'A guest job began and left no exit code; nobody knows how far it came.',
    remedy: 'Inspect the server, or replace it.',
  },
  ERR_JOURNAL_BEHIND: {
    meaning: 'The world holds traces of work that the journal does not know: records were lost.',
    remedy: 'Restore a newer backup, resume the run with adopt: true, or cancel it; see Backup and damage.',
  },
  ERR_LEASE_LOST: {
    meaning: 'This process may no longer move the run; another one may have taken it over.',
    remedy: 'Nothing to repair: resume the run from any process.',
  },
  ERR_LIMIT_REACHED: {
    meaning: 'There are as many as the manager was told to allow.',
    remedy: 'Delete what is not needed, or raise the limit that the message names.',
  },
  ERR_LOCKED: {
    meaning: 'Another process moves this run now.',
    remedy: 'Watch it, or wait until the lease that the error names expires.',
  },
  ERR_NOTHING_REGISTERED: {
    meaning: 'The unit has no definition directory.',
    remedy: 'Import one first.',
  },
  ERR_NOT_ADOPTED: {
    meaning: 'The machine of a server bears no marker of this manager, so it is not changed.',
    remedy: 'Attach the group with adopt: true, which writes the marker.',
  },
  ERR_NOT_CONFIGURED: {
    meaning: 'A record names a hypervisor, balancer or operation that this manager was not given.',
    remedy: 'Pass it to createManager under the name in the details.',
  },
  ERR_NOT_FOUND: {
    meaning: 'The thing that was named does not exist.',
    remedy: 'Check the name; the details list what exists where that is short.',
  },
  ERR_NOT_OWNED: {
    meaning: 'The machine does not bear the marker that the change expects.',
    remedy: 'Somebody else owns or replaced it: look before you repeat anything.',
  },
  ERR_PAUSED: {
    meaning: 'The run was paused before its end.',
    remedy: 'Resume it with manager.resume(), from any process.',
  },
  ERR_PERMISSION_DENIED: {
    meaning: 'The principal may not do this.',
    remedy: 'Ask an administrator, or the owner of the unit.',
  },
  ERR_PLAN_EDITED: {
    meaning: 'The plan is not one that this manager made: its hash does not fit its content, or its seal not the hash.',
    remedy: 'Plan again; a plan is approved and executed as it is.',
  },
  ERR_PLAN_STALE: {
    meaning: 'Servers are no longer as the plan found them.',
    remedy: 'Plan again; the details name the servers and what changed.',
  },
  ERR_RUN_FAILED: {
    meaning: 'The run ended because steps failed.',
    remedy: 'The outcomes name each server; inspect those in quarantine, then plan again.',
  },
  ERR_STORE_BUSY: {
    meaning: 'The store is locked by another process.',
    remedy: 'Wait, or end the process that the error names.',
  },
  ERR_STORE_DAMAGED: {
    meaning: 'A record of the store does not fit its checksum; nothing was changed.',
    remedy: 'Restore a backup; the details name the first bad record.',
  },
  ERR_STORE_FOREIGN: {
    meaning: 'The store belongs to another manager, or is not a store of vmunit.',
    remedy: 'Check the path and the id passed to createManager.',
  },
  ERR_STORE_TOO_NEW: {
    meaning: 'The store was written by a newer version of vmunit.',
    remedy: 'Use that version; nothing was changed.',
  },
  ERR_TIMEOUT: {
    meaning: 'Something did not happen in time.',
    remedy: 'The message says what was waited for; look there.',
  },
  ERR_UNAUTHENTICATED: {
    meaning: 'Credentials were refused.',
    remedy: 'Check the user name and the secret.',
  },
  ERR_UNAVAILABLE: {
    meaning: 'A part of the world did not answer.',
    remedy: 'Usually passes; vmunit tries again by itself while it can.',
  },
  ERR_UNKNOWN_STATE: {
    meaning: 'It could not be found out whether a step took effect.',
    remedy: 'See what does not answer, then resume the run.',
  },
  ERR_UNKNOWN_TIER: {
    meaning: 'A server names a tier that the definition directory does not have.',
    remedy: 'Correct the tier, or import a definition directory that has it.',
  },
  ERR_UNSAFE_FILE: {
    meaning: 'A file holds what is refused because it can do harm: a document type, an entity, or too many bytes.',
    remedy: 'Find out where the file comes from; take out what the issues name.',
  },
  ERR_UNSUPPORTED: {
    meaning: 'The driver cannot do this.',
    remedy: 'Use a driver with that facet, or do without.',
  },
  ERR_WOULD_INTERRUPT: {
    meaning: 'The plan would take the last available group of a tier.',
    remedy: 'Add a group, use smaller waves, or pass allowOutage: true.',
  },
  ERR_WRONG_STATE: {
    meaning: 'This is not allowed in the present state of a server, a group or what else it concerns.',
    remedy: 'The message names the state and what to do first.',
  },
} as const satisfies Record<string, ErrorMeaning>

/** A machine-readable reason. */
export type ErrorCode = keyof typeof ERROR_CODES
