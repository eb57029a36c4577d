drop table on_call_handover, on_call_link_call, on_call_link, on_call_pace, on_call_call, on_call_run, on_call_level,
  on_call_chain, on_call_holiday, on_call_override, on_call_person, on_call_rota;
