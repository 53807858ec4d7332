'use strict';

const net = require('node:net');

/**
 * @param {number} [preferred] taken when nobody has it
 * @returns {Promise<number>} a port of 127.0.0.1 that nobody listens on
 */
async function freePort(preferred = 0) {
	return await new Promise((resolve, reject) => {
		const server = net.createServer();
		server.on('error', () =>
			preferred === 0 ? reject(new Error('No port is free.')) : resolve(freePort()),
		);
		server.listen(preferred, '127.0.0.1', () => {
			const address = /** @type {import('node:net').AddressInfo} */ (server.address());
			server.close(() => resolve(address.port));
		});
	});
}

module.exports = { freePort };
