-- What has been settled in an agreement stays as it is signed: nothing is added to what is to be done, nobody else mediates. What was
-- written down by mistake can be taken out before that, and who is somebody else is another party.

ALTER TABLE mediation_parties ADD COLUMN removed_at BIGINT; -- no party any more; of them the names are kept, which stand in what was written down
ALTER TABLE mediators ADD COLUMN read_on TEXT; -- the last day on which their link was opened; each day is one entry of the audit log

ALTER TABLE mediations ADD COLUMN next_move TEXT CHECK (next_move IS NULL OR (next_move LIKE '%>' || state AND next_move IN (
-- every move of a mediation
    '>registered>registered',
    'registered>rewritten>registered', 'accepted>rewritten>accepted', 'mediating>rewritten>mediating', 'paused>rewritten>paused',
    'registered>party_written>registered', 'accepted>party_written>accepted', 'mediating>party_written>mediating', 'paused>party_written>paused',
    'registered>party_removed>registered', 'accepted>party_removed>accepted', 'mediating>party_removed>mediating', 'paused>party_removed>paused',
    'registered>accepted>accepted',
    'registered>mediators_changed>registered', 'accepted>mediators_changed>accepted', 'mediating>mediators_changed>mediating', 'paused>mediators_changed>paused',
    'registered>consented>registered', 'accepted>consented>accepted', 'mediating>consented>mediating', 'paused>consented>paused', 'agreed>consented>agreed',
    'registered>refused>terminated', 'accepted>refused>terminated',
    'mediating>withdrew>terminated', 'paused>withdrew>terminated', 'agreed>withdrew>terminated',
    'accepted>guest_invited>accepted', 'mediating>guest_invited>mediating',
    'accepted>began>mediating',
    'mediating>met>mediating',
    'mediating>corrected>mediating', 'paused>corrected>paused', 'agreed>corrected>agreed', 'performing>corrected>performing', 'performed>corrected>performed', 'defaulted>corrected>defaulted', 'called_back>corrected>called_back', 'failed>corrected>failed', 'terminated>corrected>terminated',
    'mediating>extended>mediating', 'paused>extended>paused',
    'registered>police_told>registered', 'accepted>police_told>accepted', 'paused>police_told>paused', 'agreed>police_told>agreed', 'performing>police_told>performing', 'defaulted>police_told>defaulted', 'failed>police_told>failed', 'terminated>police_told>terminated',
    'mediating>police_told>paused',
    'mediating>paused>paused',
    'paused>resumed>mediating',
    'mediating>drafted>mediating',
    'mediating>duty_written>mediating',
    'mediating>duty_removed>mediating',
    'mediating>agreed>agreed',
    'agreed>reworked>mediating',
    'agreed>signed>agreed',
    'agreed>took_effect>performing',
    'mediating>failed>failed',
    'registered>terminated>terminated', 'accepted>terminated>terminated', 'mediating>terminated>terminated', 'paused>terminated>terminated',
    'failed>advised>failed', 'terminated>advised>terminated', 'defaulted>advised>defaulted',
    'performing>duty_performed>performing', 'defaulted>duty_performed>defaulted', 'called_back>duty_performed>called_back',
    'performing>performed>performed', 'defaulted>performed>performed',
    'performing>defaulted>defaulted',
    'performing>urged>performing', 'defaulted>urged>defaulted',
    'performing>confirmation_asked>performing', 'performed>confirmation_asked>performed', 'defaulted>confirmation_asked>defaulted', 'called_back>confirmation_asked>called_back',
    'performing>confirmation_decided>performing', 'performed>confirmation_decided>performed', 'defaulted>confirmation_decided>defaulted', 'called_back>confirmation_decided>called_back',
    'performed>called_back>called_back', 'defaulted>called_back>called_back',
    'called_back>called_back>called_back',
    'registered>paper_filed>registered', 'accepted>paper_filed>accepted', 'mediating>paper_filed>mediating', 'paused>paper_filed>paused', 'agreed>paper_filed>agreed', 'performing>paper_filed>performing', 'performed>paper_filed>performed', 'defaulted>paper_filed>defaulted', 'called_back>paper_filed>called_back', 'failed>paper_filed>failed', 'terminated>paper_filed>terminated',
    'called_back>archived>archived', 'failed>archived>archived', 'terminated>archived>archived'
-- the last of them
)));
-- A case whose last move is not allowed any more has none until its next.
UPDATE mediations SET next_move = move WHERE move NOT IN ('agreed>mediators_changed>agreed', 'agreed>duty_written>agreed',
    'performing>duty_written>performing', 'defaulted>duty_written>defaulted');
ALTER TABLE mediations DROP COLUMN move;
ALTER TABLE mediations RENAME COLUMN next_move TO move;
