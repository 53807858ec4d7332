import { RECEIVERS } from './finding';
import type { CheckArea, Finding, FindingStatus, Receiver } from './finding';
import type { Fitness, Verdict } from './verdict';

/** A problem as an earlier run found it: enough to tell that it is gone. */
export interface EarlierProblem {
	id: string;
	area: CheckArea;
	subject: string;
	status: FindingStatus;
	title: string;
	evidence: string[];
}

/**
 * What is otherwise than the last time. `new`: a problem that was not there; `worse`, `better`: a warning
 * that became a failure, and the reverse; `mended`: a problem that is gone.
 */
export type Change =
	| { change: 'new' | 'worse' | 'better'; finding: Finding }
	| { change: 'mended'; problem: EarlierProblem }
	| { change: 'verdict'; receiver: Receiver; from: Fitness; to: Fitness };

export interface Compared {
	changes: Change[];
	/** What the next run compares with. */
	content: string;
	/** There was nothing to compare with: all problems are new. */
	isFirst: boolean;
}

interface Memory {
	problems: EarlierProblem[];
	receivers: Partial<Record<Receiver, Fitness>>;
}

/** Their evidence quotes a mail, with links that may open somebody's account: that is not stored. */
const QUOTES_MAIL: ReadonlySet<CheckArea> = new Set(['content', 'roundTrip']);

const MAX_PROBLEMS = 500;
const MAX_EVIDENCE = 5;
const MAX_TEXT = 300;

/**
 * Compares what was found with what the last run kept. Whatever could not be looked at this time stays in
 * memory as it was: a name server that is silent for an hour makes no alarm, neither now nor afterwards.
 *
 * @param kept the `content` of the last run; undefined when there was none
 */
export function compareFindings(
	kept: string | undefined,
	findings: readonly Finding[],
	{ receivers }: Pick<Verdict, 'receivers'>,
): Compared {
	const last = kept === undefined ? undefined : readMemory(kept);
	const before = new Map(last?.problems.map((problem) => [keyOf(problem), problem]));
	const now = worstOfEach(findings.filter(isProblem));
	const unknown = findings.filter(({ status }) => status === 'unknown');
	const changes: Change[] = [];
	for (const [key, finding] of now) {
		const earlier = before.get(key);
		if (!earlier) changes.push({ change: 'new', finding });
		else if (earlier.status !== finding.status)
			changes.push({ change: finding.status === 'fail' ? 'worse' : 'better', finding });
	}
	const stillThere: EarlierProblem[] = [];
	for (const [key, problem] of before) {
		if (now.has(key)) continue;
		if (unknown.some((finding) => hides(finding, problem))) stillThere.push(problem);
		else changes.push({ change: 'mended', problem });
	}
	const verdicts: Memory['receivers'] = { ...last?.receivers };
	for (const receiver of RECEIVERS) {
		const [from, to] = [last?.receivers[receiver], receivers[receiver]];
		if (to === 'unknown') continue;
		verdicts[receiver] = to;
		if (from !== undefined && from !== to) changes.push({ change: 'verdict', receiver, from, to });
	}
	const problems = [...[...now.values()].map(asEarlier), ...stillThere].slice(0, MAX_PROBLEMS);
	const memory: Memory = { problems, receivers: verdicts };
	return { changes, content: JSON.stringify(memory), isFirst: last === undefined };
}

function isProblem({ status }: Finding): boolean {
	return status === 'fail' || status === 'warning';
}

/** One address can be on several lists: there the words name the list. */
function keyOf({ id, area, subject, title }: EarlierProblem | Finding): string {
	return JSON.stringify([id, subject, ...(area === 'reputation' ? [title] : [])]);
}

function worstOfEach(findings: readonly Finding[]): Map<string, Finding> {
	const worst = new Map<string, Finding>();
	for (const finding of findings) {
		const key = keyOf(finding);
		if (worst.get(key)?.status !== 'fail') worst.set(key, finding);
	}
	return worst;
}

/**
 * Whether the problem may still be there, since this could not be looked at. A blocklist that does not
 * answer hides what it said itself, and not what others say.
 */
function hides({ area, subject }: Finding, problem: EarlierProblem): boolean {
	if (area !== problem.area) return false;
	return area !== 'reputation' || problem.evidence.some((line) => line.includes(subject));
}

function asEarlier({ id, area, subject, status, title, evidence }: Finding): EarlierProblem {
	return {
		...{ id, area, status },
		subject: subject.slice(0, MAX_TEXT),
		title: title.slice(0, MAX_TEXT),
		evidence: QUOTES_MAIL.has(area)
			? []
			: evidence.slice(0, MAX_EVIDENCE).map((line) => line.slice(0, MAX_TEXT)),
	};
}

/** A memory that cannot be read is none: the next one can. */
function readMemory(kept: string): Memory | undefined {
	try {
		const { problems, receivers } = JSON.parse(kept) as Memory;
		return Array.isArray(problems) ? { problems, receivers } : undefined;
	} catch {
		return undefined;
	}
}
