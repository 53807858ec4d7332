import { secretsIn } from '../smtp/sign-in';
import type { SignInWords } from '../smtp/sign-in';
import type { ImapAccount } from './account';

/** An account with tokens holds none itself: what it signed in with last. */
const usedLast = new WeakMap<ImapAccount, SignInWords>();

/** To be told before the words are sent, so that no failure shows them. */
export function rememberWords(account: ImapAccount, words: SignInWords): void {
	usedLast.set(account, words);
}

/** Every text in which a server could hand the account's secret back. */
export function secretsOf(account: ImapAccount): string[] {
	return secretsIn('pass' in account.auth ? account.auth : usedLast.get(account));
}
