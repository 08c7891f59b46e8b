/** All guards that `npm run check:mutation` takes away. */
import { MUTANTS_OF_ACCESS } from './mutants-of-access.ts'
import { MUTANTS_OF_ANSWERS, type Mutant } from './mutants-of-answers.ts'

export const MUTANTS: readonly Mutant[] = [...MUTANTS_OF_ANSWERS, ...MUTANTS_OF_ACCESS]
