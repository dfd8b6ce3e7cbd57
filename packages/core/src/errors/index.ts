export { ERROR_CODES, type ErrorCode, type ErrorMeaning } from './codes.ts'
export { type DescribedError, describeError } from './describe-error.ts'
export { isVmunitError, VmunitError, type VmunitErrorOptions } from './vmunit-error.ts'
