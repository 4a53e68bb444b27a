import { desktop } from './support/browser.mjs';
import { walkOn } from './support/walk.mjs';

walkOn('desktop', desktop);
