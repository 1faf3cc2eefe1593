grant usage on schema sec_checkpoint_gate_api to postern_admin;
comment on schema sec_checkpoint_gate_api is 'Mirror of Sec_Checkpoint_Gate_API: registering gates.';
