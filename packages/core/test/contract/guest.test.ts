import { describe, it } from 'vitest'
import { testGuestAccess } from '../../src/testing/index.ts'
import { openWorldGuestLab } from './labs/world-guest-lab.ts'

testGuestAccess({ runner: { describe, it }, create: openWorldGuestLab })
