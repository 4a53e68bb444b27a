import { phone } from './support/browser.mjs';
import { walkOn } from './support/walk.mjs';

walkOn('phone', phone);
