import { aol } from './aol';
import { codedList } from './coded-list';
import type { Dialect } from './dialect';
import { exchange } from './exchange';
import { googleGroups } from './google-groups';
import { notification } from './notification';
import { pipes } from './pipes';
import { transcript } from './transcript';

/** In the order in which they are asked; the first that names somebody counts. */
export const DIALECTS: readonly Dialect[] = [
	notification,
	googleGroups,
	aol,
	codedList,
	exchange,
	transcript,
	pipes,
];
