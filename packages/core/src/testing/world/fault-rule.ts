import * as z from 'zod'
import { ERROR_CODES, type ErrorCode } from '../../errors/codes.ts'
import { VmunitError } from '../../errors/vmunit-error.ts'

/** What a fault does: it refuses the call, loses the answer of a call that took effect, or makes it slow. */
export type FaultEffect =
  | { readonly type: 'error'; readonly code: ErrorCode; readonly retryable?: boolean | undefined }
  | { readonly type: 'lostAnswer' }
  | { readonly type: 'delay'; readonly ms: number }

/** Which calls fail, and how. */
export interface FaultRule {
  /** The name of a call, or the beginning of names: `hypervisor.create`, `hypervisor.*`, `*`. */
  readonly call: string
  /** A machine id, slot, address, pool, image or operation id that the call is about. Default: any. */
  readonly subject?: string | undefined
  /** Default 1. The luck is seeded: the same calls in the same order have the same faults. */
  readonly probability?: number | undefined
  /** How often it strikes at most. Default: no limit. */
  readonly times?: number | undefined
  /** How many matching calls it lets through first. Default 0. */
  readonly skip?: number | undefined
  readonly effect: FaultEffect
}

const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]

const faultRules = z.array(
  z.strictObject({
    call: z.string().min(1),
    subject: z.string().optional(),
    probability: z.number().min(0).max(1).optional(),
    times: z.int().min(0).optional(),
    skip: z.int().min(0).optional(),
    effect: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('error'), code: z.enum(codes), retryable: z.boolean().optional() }),
      z.strictObject({ type: z.literal('lostAnswer') }),
      z.strictObject({ type: z.literal('delay'), ms: z.number().min(0) }),
    ]),
  }),
)

/** Reads fault rules that came from outside; `ERR_INVALID_INPUT` when they are none. */
export function readFaultRules(value: unknown): readonly FaultRule[] {
  const read = faultRules.safeParse(value)
  if (read.success) return read.data
  throw new VmunitError('ERR_INVALID_INPUT', `These are no fault rules: ${z.prettifyError(read.error)}`)
}
