-- What is answered to one recipient more of a mailbox that sends, who is counted.
select mail_api.send(%(login)s)
