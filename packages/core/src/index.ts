export { ERROR_CODES, type ErrorCode, isVmunitError, VmunitError } from './errors/index.ts'
