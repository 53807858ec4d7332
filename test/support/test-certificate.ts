import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestCertificate {
	certFile: string;
	keyFile: string;
	/** The certificate itself: whoever trusts it trusts the server. */
	caPem: string;
	keyPem: string;
}

/** A self-signed certificate for 127.0.0.1 and localhost, made in `folder` (needs openssl). */
export function makeTestCertificate(folder: string, names = ['localhost']): TestCertificate {
	const certFile = join(folder, 'cert.pem');
	const keyFile = join(folder, 'key.pem');
	const subjects = [...names.map((name) => `DNS:${name}`), 'IP:127.0.0.1'];
	execFileSync(
		'openssl',
		[
			...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
			...['-days', '30', '-subj', `/CN=${names[0] ?? 'localhost'}`],
			...['-addext', `subjectAltName=${subjects.join(',')}`],
			...['-keyout', keyFile, '-out', certFile],
		],
		{ stdio: 'pipe' },
	);
	return {
		certFile,
		keyFile,
		caPem: readFileSync(certFile, 'utf8'),
		keyPem: readFileSync(keyFile, 'utf8'),
	};
}
