/* SPDX-License-Identifier: MIT */
import module from './index.cjs';

export const { keyturn, KeyturnError } = module;
export default module.keyturn;
