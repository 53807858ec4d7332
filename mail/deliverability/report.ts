import { renderDocument } from '../model/document';
import { escapeMarkup, shorten } from '../model/markup';
import type { Finding, FindingStatus, Fix, Receiver } from './finding';
import { RECEIVERS } from './finding';
import type { Fitness, Verdict } from './verdict';

export interface CheckReport {
	/** What was looked at, such as a domain. */
	subject: string;
	verdict: Verdict;
	findings: readonly Finding[];
	/** When, and on whose clock it is shown. */
	at: number;
	zone: string;
}

const RECEIVER_NAMES: Readonly<Record<Receiver, string>> = {
	gmail: 'Gmail',
	yahoo: 'Yahoo',
	microsoft: 'Microsoft',
	apple: 'Apple',
};

const FITNESS_WORDS: Readonly<Record<Fitness, string>> = {
	fit: 'Fit',
	fitWithWarnings: 'Fit, with warnings',
	unfit: 'Unfit',
	unknown: 'Unknown',
};

const STATUS_WORDS: Readonly<Record<FindingStatus, string>> = {
	fail: 'Must change',
	warning: 'Should change',
	unknown: 'Could not be looked at',
	info: 'Worth knowing',
	pass: 'In order',
};
const ORDER: readonly FindingStatus[] = ['fail', 'warning', 'unknown', 'info', 'pass'];

/** Sign and colours; the sign tells without the colour. */
const LOOKS: Readonly<Record<FindingStatus, { sign: string; ink: string; ground: string }>> = {
	fail: { sign: '✕', ink: '#a31515', ground: '#fdeaea' },
	warning: { sign: '!', ink: '#7a4b00', ground: '#fff4dc' },
	unknown: { sign: '?', ink: '#4b5563', ground: '#eef0f3' },
	info: { sign: 'i', ink: '#1f4fd8', ground: '#e8eeff' },
	pass: { sign: '✓', ink: '#0b6b4f', ground: '#e3f6ef' },
};
const FITNESS_LOOKS: Readonly<Record<Fitness, FindingStatus>> = {
	fit: 'pass',
	fitWithWarnings: 'warning',
	unfit: 'fail',
	unknown: 'unknown',
};

/**
 * The findings as a page of its own: no scripts, nothing from elsewhere, readable on a phone and by a
 * screen reader. What was looked up is text in it and never HTML.
 */
export function deliverabilityPage({ subject, verdict, findings, at, zone }: CheckReport): string {
	const groups = ORDER.map((status) => ({
		status,
		members: findings.filter((finding) => finding.status === status),
	})).filter(({ members }) => members.length > 0);
	const title = `Deliverability of ${subject}`;
	const told = new Set<string>();
	const when = new Intl.DateTimeFormat('en-GB', {
		timeZone: zone,
		dateStyle: 'medium',
		timeStyle: 'short',
	}).format(at);
	return renderDocument({
		language: 'en',
		title: shorten(title, 120),
		style: STYLE,
		policy: "default-src 'none'; style-src 'unsafe-inline'",
		main: `<h1>${escapeMarkup(title)}</h1>
<p class="lead">For ${verdict.profile === 'bulk' ? 'mail to many' : 'single mails'}: <strong>${FITNESS_WORDS[verdict.overall]}</strong>.</p>
<ul class="cards">
${RECEIVERS.map((receiver) => card(RECEIVER_NAMES[receiver], verdict.receivers[receiver])).join('\n')}
</ul>
${groups.map(({ status, members }) => group(status, members, told)).join('\n')}
<footer><p>As of ${escapeMarkup(when)}. Receivers also go by what their users do with your mail, which nobody can look up: fit means that nothing they require is missing.</p></footer>`,
	});
}

function card(name: string, fitness: Fitness): string {
	const status = FITNESS_LOOKS[fitness];
	return `<li class="card ${status}"><span class="name">${name}</span> <span class="fitness"><span aria-hidden="true">${LOOKS[status].sign}</span> ${FITNESS_WORDS[fitness]}</span></li>`;
}

/** @param told advice that was given further up, and is not repeated */
function group(status: FindingStatus, members: readonly Finding[], told: Set<string>): string {
	return `<section><h2>${STATUS_WORDS[status]}</h2>${members.map((member) => article(member, told)).join('\n')}</section>`;
}

function article(finding: Finding, told: Set<string>): string {
	const { status, title, why, fixes, evidence, source, id } = finding;
	const todo =
		fixes.length === 0
			? ''
			: `<h4>What to do</h4><ol>${fixes.map((fix) => fixItem(fix, told)).join('')}</ol>`;
	const seen =
		evidence.length === 0
			? ''
			: `<details><summary>What was seen</summary><pre>${escapeMarkup(evidence.map((line) => shorten(line, 2_000)).join('\n'))}</pre></details>`;
	return `<article class="${status}"><h3><span class="sign" aria-hidden="true">${LOOKS[status].sign}</span> ${escapeMarkup(shorten(title, 600))}</h3><p>${escapeMarkup(why)}</p>${todo}${seen}<p class="source">${escapeMarkup(source)} · ${escapeMarkup(id)}</p></article>`;
}

const ACTIONS = { publish: 'Publish', replace: 'Replace', delete: 'Delete' } as const;

function fixItem(fix: Fix, told: Set<string>): string {
	if (fix.kind === 'dns') {
		const { note, ...change } = fix;
		const same = JSON.stringify(change);
		if (told.has(same))
			return `<li>The change of ${escapeMarkup(fix.name)} above mends this too.${note === undefined ? '' : ` ${escapeMarkup(note)}`}</li>`;
		told.add(same);
	}
	if (fix.kind === 'setting') return `<li>${escapeMarkup(fix.text)}</li>`;
	const row = (name: string, value: string) =>
		`<dt>${name}</dt><dd><code>${escapeMarkup(shorten(value, 4_000))}</code></dd>`;
	return `<li>${ACTIONS[fix.action]} this record:<dl>${row('Type', fix.type)}${row('Name', fix.host)}${row('Full name', fix.name)}${row(fix.action === 'replace' ? 'New value' : 'Value', fix.value)}${fix.oldValue === undefined ? '' : row('Old value', fix.oldValue)}</dl>${fix.note === undefined ? '' : `<p>${escapeMarkup(fix.note)}</p>`}</li>`;
}

/** The verdict as a picture: a row a receiver, and how many findings there are of each kind. */
export function verdictChart({ subject, verdict, findings }: CheckReport): {
	svg: string;
	words: string;
} {
	const counts = ORDER.map((status) => ({
		status,
		count: findings.filter((finding) => finding.status === status).length,
	})).filter(({ count }) => count > 0);
	const words = `Deliverability of ${subject}: ${RECEIVERS.map((receiver) => `${RECEIVER_NAMES[receiver]} ${FITNESS_WORDS[verdict.receivers[receiver]].toLowerCase()}`).join(', ')}.`;
	const rows = RECEIVERS.map((receiver, index) => {
		const fitness = verdict.receivers[receiver];
		const { sign, ink, ground } = LOOKS[FITNESS_LOOKS[fitness]];
		const y = 58 + index * 38;
		return `<rect x="20" y="${y}" width="440" height="32" rx="6" fill="${ground}"/><text x="34" y="${y + 21}" font-weight="600">${RECEIVER_NAMES[receiver]}</text><text x="160" y="${y + 21}" fill="${ink}">${sign}  ${FITNESS_WORDS[fitness]}</text>`;
	});
	const legend = counts.map(({ status, count }, index) => {
		const x = 20 + (index % 2) * 220;
		const y = 232 + Math.floor(index / 2) * 22;
		return `<text x="${x}" y="${y}" fill="${LOOKS[status].ink}">${LOOKS[status].sign}  ${STATUS_WORDS[status]}: ${count}</text>`;
	});
	return {
		words,
		svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 290" width="480" height="290" role="img" font-family="system-ui, sans-serif" font-size="14" fill="#1f2937"><title>${escapeMarkup(words)}</title><rect width="480" height="290" fill="#fff"/><text x="20" y="36" font-size="17" font-weight="600">${escapeMarkup(shorten(subject, 46))}</text>${rows.join('')}${legend.join('')}</svg>`,
	};
}

const STYLE = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#f3f4f6;color:#1f2937;font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:52rem;margin:0 auto;padding:1.25rem 1rem 2rem}
h1{margin:.25rem 0;font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}
h2{margin:1.25rem 0 .5rem;font-size:1.15rem}
h3{margin:0;font-size:1rem;overflow-wrap:anywhere}
h4{margin:.5rem 0 0;font-size:.95rem}
.lead{margin:0 0 1rem}
.cards{display:grid;grid-template-columns:repeat(2,1fr);gap:.75rem;margin:0;padding:0;list-style:none}
.card,article{padding:.8rem 1rem;background:#fff;border:1px solid #d5d9e0;border-radius:10px}
.name{display:block;font-size:.9rem;color:#4b5563}
.fitness{font-weight:600}
article{margin:0 0 .75rem;border-left-width:6px}
article p{margin:.35rem 0}
ol{margin:.25rem 0;padding-left:1.25rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .75rem;margin:.25rem 0}
dt{color:#4b5563}
dd{margin:0;min-width:0}
code,pre{font:.9rem/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere;white-space:pre-wrap}
pre{margin:.25rem 0;padding:.5rem;background:#f3f4f6;border-radius:6px}
.source,footer{color:#4b5563;font-size:.85rem}
${ORDER.map((status) => `.card.${status},article.${status}{border-color:${LOOKS[status].ink}}.${status} .fitness,.${status} .sign{color:${LOOKS[status].ink}}`).join('\n')}
@media (min-width:40rem){.cards{grid-template-columns:repeat(4,1fr)}}
@media (max-width:30rem){dl{grid-template-columns:1fr}dd{margin:0 0 .35rem}}
`;
