import type { AnswerField } from './fields';

/** What a mail asks its recipient. All words are the user's, and text. */
export type Question = ApprovalQuestion | FormQuestion;

interface Asked {
	/** The subject of the mail. */
	title: string;
	message: string;
}

export interface ApprovalQuestion extends Asked {
	kind: 'approval';
	/** One or both, in the order in which they are shown. */
	decisions: readonly Decision[];
}

export interface Decision {
	approved: boolean;
	label: string;
}

export interface FormQuestion extends Asked {
	kind: 'form';
	fields: readonly AnswerField[];
	/** What the button in the mail says. */
	respond: string;
	/** What the button of the form says; the reader's language for "Send" without. */
	submit?: string;
	/** The page's own words in place of the mail's. */
	pageTitle?: string;
	pageText?: string;
	/** CSS of the user's for the page. */
	style?: string;
}
