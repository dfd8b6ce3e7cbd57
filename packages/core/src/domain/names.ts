/** Names of units, groups, tiers and templates: a letter, then letters, digits, `_`, `.` or `-`, at most 31 in all (spec §4.3). */
export const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_.-]{0,30}$/

/** What {@link NAME_PATTERN} asks for, for messages. */
export const NAME_RULE = 'a letter, then letters, digits, "_", "." or "-", at most 31 characters'
