/** One figure beside its peer's, both taken in the same run. */
export interface Measure {
	measure: string;
	unit: string;
	/** Medians over `runs`. */
	ours: number;
	peer: number;
	peerName: string;
	/** How many times better ours is, whichever way the unit counts. */
	ratio: number;
	/** The same of single runs, each beside the one that followed it: how steady the ratio is. */
	ratios?: { least: number; most: number };
	runs: number;
}

export interface Benchmark {
	/** One line: what is measured, and how. */
	about: string;
	run(): AsyncIterable<Measure>;
}

export interface Comparison {
	measure: string;
	unit: string;
	peerName: string;
	runs: number;
	ours: () => Promise<number>;
	peer: () => Promise<number>;
	/** For units of which less is better, such as ms. */
	lessIsBetter?: boolean;
	/**
	 * Once before the runs that count, for either side: what is compiled, and optimised, at the first
	 * mails is no part of a rate.
	 */
	warmUp?: { ours: () => Promise<unknown>; peer: () => Promise<unknown> };
}

/** Takes both figures in turn, so that what else the machine does meets both alike. */
export async function compare(comparison: Comparison): Promise<Measure> {
	const { measure, unit, peerName, runs, lessIsBetter = false } = comparison;
	const figures = { ours: [] as number[], peer: [] as number[] };
	await comparison.warmUp?.ours();
	await comparison.warmUp?.peer();
	for (let run = 0; run < runs; run += 1) {
		figures.ours.push(await comparison.ours());
		figures.peer.push(await comparison.peer());
	}
	const ours = median(figures.ours);
	const peer = median(figures.peer);
	const ratioOf = (own: number, other: number) => (lessIsBetter ? other / own : own / other);
	const single = figures.ours.map((figure, run) => ratioOf(figure, figures.peer[run] ?? NaN));
	const ratios = { least: Math.min(...single), most: Math.max(...single) };
	return { measure, unit, ours, peer, peerName, ratio: ratioOf(ours, peer), ratios, runs };
}

export function median(figures: readonly number[]): number {
	const sorted = figures.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle] ?? NaN;
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** How many a second, since `start` (performance.now). */
export function rate(count: number, start: number): number {
	return (count * 1_000) / (performance.now() - start);
}

/** Runs a benchmark and prints it: a table, or with `--json` one object a line. */
export async function report(benchmark: Benchmark): Promise<void> {
	const asJson = process.argv.includes('--json');
	if (!asJson) console.log(`${benchmark.about}\n`);
	const rows: Measure[] = [];
	for await (const measure of benchmark.run()) {
		if (asJson) console.log(JSON.stringify(measure));
		else rows.push(measure);
	}
	if (asJson) return;
	console.table(
		rows.map(({ measure, unit, ours, peer, peerName, ratio, ratios, runs }) => ({
			measure,
			unit,
			ours: round(ours),
			peer: round(peer),
			beside: peerName,
			ratio: ratio.toFixed(2),
			'of single runs': ratios ? `${ratios.least.toFixed(2)} to ${ratios.most.toFixed(2)}` : '',
			runs,
		})),
	);
}

function round(figure: number): number {
	return figure >= 100 ? Math.round(figure) : Number(figure.toPrecision(3));
}
