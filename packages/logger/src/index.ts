export { createFileLogger, type FileLogger, type FileLoggerOptions } from './file-logger.ts'
