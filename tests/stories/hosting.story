# Hosting: one ticket through every turn that it can take, from the queue to its closing by the sweep 30 days after the answer.
@ 2026-11-02T15:00 -
$ ticketctl init --profile hosting
made a ticket store
made a git repository; every command commits what it changes (commit: auto)
next: ticketctl new "It does not work" -c jane@customer.example
$ printf '%s\n' 'people:' '  tom@support.example: {name: Tom, roles: [technician]}' '  uma@support.example: {name: Uma, roles: [technician]}' >> ticketctl.yaml

# H1: customers create tickets; they are Open and stand in the queue.
@ 2026-11-02T15:05 customer:jane@shop.example
$ ticketctl new "Mail server rejects attachments" -d "Since this morning every mail with an attachment comes back." --id 261102-7wm2d
261102-7wm2d
@ 2026-11-02T15:10 customer:omar@cafe.example
$ ticketctl new "Where do I change my password?" --id 261102-p0r4c
261102-p0r4c

# H11, H12: a further message while Open loses the place in the queue, and the customer is told so. H9: it is a Customer-Reply.
@ 2026-11-02T15:20 customer:jane@shop.example
$ ticketctl reply 7wm2d -m "Small attachments, too."
7wm2d: Open -> Customer-Reply     tom@support.example, uma@support.example will be notified
warning: Posting additional responses while the ticket is in Open status will cause the ticket to be reset in the queue leading to the ticket not being answered as quickly as it would have been originally.
$ ticketctl --as technician:tom@support.example list --queue
ID            STATUS             WHO  AGE     DUE  TITLE
261102-p0r4c  Open               -    10 min  -    Where do I change my password?
261102-7wm2d  Customer-Reply  !  -    0 s     -    Mail server rejects attachments
2 tickets; 2 open in the store (waiting for the customer: 0; for us: 2)

# X7: the customer sees their own.
$ ticketctl list
ID            STATUS             WHO  AGE  DUE  TITLE
261102-7wm2d  Customer-Reply  !  -    0 s  -    Mail server rejects attachments
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)

# H2, X2: starting is a technician's, and takes an assignee. Both reasons are told.
$ ticketctl move 7wm2d "In Progress"
refused  7wm2d  Customer-Reply -> In Progress: Mail server rejects attachments
  - only technician may move Customer-Reply -> In Progress, not customer
  - assign it to the technician who works on it (-a WHO)
  "the ticket has been reviewed by a technician and they are currently working on resolving the
  issue."   (hosting, H2, H6)
  open to you now (customer): nothing else, but you can add a message (reply)
? 1

# H9: Customer-Reply is never set by hand. H2: a technician starts.
@ 2026-11-02T15:30 technician:tom@support.example
$ ticketctl move p0r4c Customer-Reply
refused  p0r4c  Open -> Customer-Reply: Where do I change my password?
  - Customer-Reply is never set by hand: the rule customer-replied or the rule
    customer-replied-closed sets it
  "anytime the customer responds to a ticket, the ticket will be placed into the customer-reply
  status"   (hosting, H9)
  open to you now (technician): In Progress, Answered, Closed, Scheduled, On-Hold
? 1
$ ticketctl next 7wm2d
7wm2d is Customer-Reply. As Tom (technician) you can change it to:
  In Progress   the ticket has been reviewed by a technician and they are currently working on
                resolving the issue.
                - assign it to the technician who works on it (-a WHO)
  Answered      Answered tickets have been addressed in some way by a technician and are awaiting
                more information before continuing or before marking the issue closed.
                - give a public message (--reply TEXT)
  Closed        the ticket has been completed and the issue has been resolved.
  Scheduled     Certain technical issues may require a ticket to be addressed at a specific time,
                such as a server reboot which is done overnight to avoid downtime.
                - give a date and a time in the future (--due WHEN, with its time of day:
                  2026-12-01T02:00)
  On-Hold       if a ticket is waiting for more information from a third-party or is held up for any
                other reason, it will be marked as on-hold.
                - say what holds it up (--set hold_reason=REASON: third_party, billing, outage or
                  other)
$ ticketctl assign 7wm2d @me
7wm2d: assignee tom@support.example
$ ticketctl move 7wm2d in-progress
7wm2d: Customer-Reply -> In Progress

# H1: nothing moves back to Open.
$ ticketctl move 7wm2d Open
refused  7wm2d  In Progress -> Open: Mail server rejects attachments
  - from In Progress you can go to Answered, Closed, Scheduled, On-Hold or Customer-Reply, not to
    Open
  open to you now (technician): Answered, Closed, Scheduled, On-Hold
? 1

# H12: a reply while In Progress may not be noticed: the customer is told, and the technician's next act warns and shows it.
@ 2026-11-02T15:45 customer:jane@shop.example
$ ticketctl reply 7wm2d -m "Mails without an attachment arrive."
7wm2d: In Progress -> Customer-Reply     tom@support.example will be notified
warning: Replying to a ticket that is in progress may not be noticed as the technician is actively working on the ticket and will not see your reply until returning to the ticket screen.
@ 2026-11-02T15:50 technician:tom@support.example
$ ticketctl list
ID            STATUS             WHO  AGE     DUE  TITLE
261102-7wm2d  Customer-Reply  !  Tom  5 min   -    Mail server rejects attachments
261102-p0r4c  Open               -    40 min  -    Where do I change my password?
2 tickets; 2 open in the store (waiting for the customer: 0; for us: 2)
$ ticketctl move 7wm2d in-progress -m "The virus scanner is out of memory."
7wm2d: Customer-Reply -> In Progress
warning: the customer replied while the ticket was In Progress:
  Small attachments, too.
  
  Mails without an attachment arrive.

# H6: Scheduled takes a moment in the future, with its time of day.
$ ticketctl move 7wm2d Scheduled --due 2026-11-04
refused  7wm2d  In Progress -> Scheduled: Mail server rejects attachments
  - give a date and a time in the future (--due WHEN, with its time of day: 2026-12-01T02:00)
  "Certain technical issues may require a ticket to be addressed at a specific time, such as a
  server reboot which is done overnight to avoid downtime."   (hosting, H6)
  open to you now (technician): Answered, Closed, On-Hold
hint: the same with --due WHEN
? 1
$ ticketctl move 7wm2d Scheduled --due 2026-11-04T02:00 -m "Restart with more memory, overnight."
7wm2d: In Progress -> Scheduled     a reminder goes out in 1 d 10 h (2026-11-04 02:00)

# H6, H9: a reply in the meantime is a Customer-Reply, and does not undo the appointment.
@ 2026-11-03T14:00 technician:uma@support.example
$ ticketctl reply 7wm2d --for jane@shop.example --via phone -m "Tonight is fine."
7wm2d: Scheduled -> Customer-Reply
       tom@support.example will be notified; a reminder goes out in 12 h (2026-11-04 02:00)
@ 2026-11-04T08:10 -
$ ticketctl sweep -n
would remind  7wm2d  tom@support.example about Customer-Reply   due 6 h 10 min ago
              hosting scheduled-time-came (H6)
1 ticket, nothing written
$ ticketctl sweep
reminded  7wm2d  tom@support.example about Customer-Reply   due 6 h 10 min ago
          hosting scheduled-time-came (H6)
1 ticket
$ ticketctl sweep
$ ticketctl list --queue --columns id,status,who,due,due_now,queued_at
amy@support.example is not among the people of ticketctl.yaml and reads everything, also internal notes (--as customer:amy@support.example shows what a customer sees)
ID            STATUS             WHO  DATE              DUE_NOW  QUEUED_AT
261102-7wm2d  Customer-Reply  !  Tom  2026-11-04 02:00  yes      2026-11-02 15:20
261102-p0r4c  Open               -    -                 -        2026-11-02 15:10
2 tickets; 2 open in the store (waiting for the customer: 0; for us: 2)

# H2, H6: the technician starts.
@ 2026-11-04T08:15 technician:tom@support.example
$ ticketctl move 7wm2d in-progress
7wm2d: Customer-Reply -> In Progress

# H7: On-Hold takes a reason.
$ ticketctl move 7wm2d On-Hold
refused  7wm2d  In Progress -> On-Hold: Mail server rejects attachments
  - say what holds it up (--set hold_reason=REASON: third_party, billing, outage or other)
  "if a ticket is waiting for more information from a third-party or is held up for any other
  reason, it will be marked as on-hold."   (hosting, H6, H7)
  open to you now (technician): Answered, Closed, Scheduled
hint: ticketctl move 7wm2d On-Hold --set hold_reason=REASON
? 1
$ ticketctl move 7wm2d On-Hold --set hold_reason=billing -m "The larger plan is not paid."
7wm2d: In Progress -> On-Hold

# H3, H8: no answer before the notice, and for billing the open invoices are named. All three reasons are told.
@ 2026-11-04T16:00 technician:uma@support.example
$ ticketctl move 7wm2d Answered
refused  7wm2d  On-Hold -> Answered: Mail server rejects attachments
  - give a public message (--reply TEXT)
  - billing or an outage holds it up: give public notice first (ticketctl reply ID), or, if that is
    over, --set hold_reason=
  - name the open invoices (--set invoices=LIST)
  "Answered tickets have been addressed in some way by a technician and are awaiting more
  information before continuing or before marking the issue closed."   (hosting, H3)
  open to you now (technician): In Progress, Closed, Scheduled
? 1
$ ticketctl reply 7wm2d -m "Your invoice 2026-117 is open. We go on when it is paid."
7wm2d: reply added     jane@shop.example will be notified
$ ticketctl set 7wm2d invoices=2026-117
7wm2d: invoices 2026-117
$ ticketctl move 7wm2d Answered --reply "The scanner has more memory. Please try again."
7wm2d: On-Hold -> Answered
       jane@shop.example will be notified; closes by itself in 30 d (2026-12-04 16:00)

# H9: the customer responds. H5: a technician closes.
@ 2026-11-05T09:00 customer:jane@shop.example
$ ticketctl reply 7wm2d -m "It works, and the invoice is paid."
7wm2d: Answered -> Customer-Reply     tom@support.example will be notified
@ 2026-11-05T10:00 technician:tom@support.example
$ ticketctl move 7wm2d Closed --reply "Thank you. We close this now."
7wm2d: Customer-Reply -> Closed     jane@shop.example will be notified
$ ticketctl list --closed
ID            STATUS  WHO  AGE  DUE  TITLE
261102-7wm2d  Closed  Tom  0 s  -    Mail server rejects attachments
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)

# H10: within 30 days a reply opens a closed ticket again.
@ 2026-11-07T09:00 customer:jane@shop.example
$ ticketctl reply 7wm2d -m "Since last night the mails come back again."
7wm2d: Closed -> Customer-Reply     tom@support.example will be notified
@ 2026-11-07T10:00 technician:tom@support.example
$ ticketctl move 7wm2d Answered --reply "The new limit was lost in an update. It is back."
7wm2d: Customer-Reply -> Answered
       jane@shop.example will be notified; closes by itself in 30 d (2026-12-07 10:00)

# H4: a note does not count; 30 days after the last public message the sweep closes.
@ 2026-11-20T10:00 technician:tom@support.example
$ ticketctl note 7wm2d -m "The limit is in the template now."
7wm2d: note added
$ ticketctl list --columns id,status,who,next_due,title
ID            STATUS    WHO  NEXT_DUE          TITLE
261102-7wm2d  Answered  Tom  2026-12-07 10:00  Mail server rejects attachments
261102-p0r4c  Open      -    -                 Where do I change my password?
2 tickets; 2 open in the store (waiting for the customer: 1; for us: 1)
@ 2026-12-07T09:59 -
$ ticketctl sweep
@ 2026-12-07T10:15 -
$ ticketctl sweep -n
would close  7wm2d  Answered -> Closed, notified jane@shop.example   due 15 min ago
             hosting close-answered (H4)
1 ticket, nothing written
$ ticketctl sweep
closed  7wm2d  Answered -> Closed, notified jane@shop.example   due 15 min ago
        hosting close-answered (H4)
1 ticket
$ ticketctl sweep

# H10: more than 30 days later the reply is refused with the reason, and with the command that opens a linked ticket.
@ 2027-01-08T09:00 customer:jane@shop.example
$ ticketctl reply 7wm2d -m "The mails come back again."
refused  7wm2d  Closed: Mail server rejects attachments
  - 261102-7wm2d was closed more than 30 days ago; a closed ticket can be replied to for 30 days
    from the date it was closed. Open a linked ticket instead: ticketctl new "..." --follows
    261102-7wm2d
? 1
$ ticketctl new "Mail server rejects attachments again" -d "The mails come back again." --follows 261102-7wm2d --id 270108-4tz8n
270108-4tz8n

# X1: the whole story.
@ 2027-01-08T10:00 technician:tom@support.example
$ ticketctl list -A
ID            STATUS  WHO  AGE   DUE  TITLE
270108-4tz8n  Open    -    1 h   -    Mail server rejects attachments again
261102-7wm2d  Closed  Tom  31 d  -    Mail server rejects attachments
261102-p0r4c  Open    -    66 d  -    Where do I change my password?
3 tickets; 2 open in the store (waiting for the customer: 0; for us: 2)
$ ticketctl show 7wm2d
261102-7wm2d  Mail server rejects attachments
Closed (closed)   hosting   customer jane@shop.example   assignee tom@support.example
queued_at: 2026-11-02 15:20

2026-11-02 15:05  jane (customer)   created as Open   queued_at 2026-11-02 15:05
    Since this morning every mail with an attachment comes back.
2026-11-02 15:20  jane (customer)   replied; queued_at 2026-11-02 15:20 by rule queue-reset; Open ->
                  Customer-Reply by rule customer-replied; notified Tom, Uma
    Small attachments, too.
2026-11-02 15:30  Tom (technician)   assignee tom@support.example
2026-11-02 15:30  Tom (technician)   Customer-Reply -> In Progress
2026-11-02 15:45  jane (customer)   replied; In Progress -> Customer-Reply by rule customer-replied;
                  notified Tom
    Mails without an attachment arrive.
2026-11-02 15:50  Tom (technician)   Customer-Reply -> In Progress
  # The virus scanner is out of memory.
2026-11-02 15:50  Tom (technician)   In Progress -> Scheduled   due 2026-11-04 02:00
  # Restart with more memory, overnight.
2026-11-03 14:00  Uma (technician, by phone) for jane   replied; Scheduled -> Customer-Reply by rule
                  customer-replied; notified Tom
    Tonight is fine.
2026-11-04 08:10  rule scheduled-time-came   due_now true   (due 2026-11-04 02:00); notified Tom
2026-11-04 08:15  Tom (technician)   Customer-Reply -> In Progress   due cleared, due_now cleared
2026-11-04 08:15  Tom (technician)   In Progress -> On-Hold   hold_reason billing
  # The larger plan is not paid.
2026-11-04 16:00  Uma (technician)   replied; notified jane
    Your invoice 2026-117 is open. We go on when it is paid.
2026-11-04 16:00  Uma (technician)   invoices 2026-117
2026-11-04 16:00  Uma (technician)   On-Hold -> Answered; hold_reason cleared, invoices cleared by
                  rule hold-over; notified jane
    The scanner has more memory. Please try again.
2026-11-05 09:00  jane (customer)   replied; Answered -> Customer-Reply by rule customer-replied;
                  notified Tom
    It works, and the invoice is paid.
2026-11-05 10:00  Tom (technician)   Customer-Reply -> Closed; notified jane
    Thank you. We close this now.
2026-11-07 09:00  jane (customer)   replied; Closed -> Customer-Reply by rule
                  customer-replied-closed; notified Tom
    Since last night the mails come back again.
2026-11-07 10:00  Tom (technician)   Customer-Reply -> Answered; notified jane
    The new limit was lost in an update. It is back.
2026-11-20 10:00  Tom (technician)   note
  # The limit is in the template now.
2026-12-07 10:15  rule close-answered   Answered -> Closed   (due 2026-12-07 10:00); notified jane
$ ticketctl log 270108-4tz8n
2027-01-08 09:00  jane (customer)   created as Open   follows 261102-7wm2d, queued_at 2027-01-08
                  09:00
    The mails come back again.
$ git log --format=%s
4tz8n: new, Open (jane@shop.example)
sweep: 1 ticket
7wm2d: note (tom@support.example)
7wm2d: Customer-Reply -> Answered (tom@support.example)
7wm2d: Closed -> Customer-Reply (jane@shop.example)
7wm2d: Customer-Reply -> Closed (tom@support.example)
7wm2d: Answered -> Customer-Reply (jane@shop.example)
7wm2d: On-Hold -> Answered (uma@support.example)
7wm2d: invoices (uma@support.example)
7wm2d: reply (uma@support.example)
7wm2d: In Progress -> On-Hold (tom@support.example)
7wm2d: Customer-Reply -> In Progress (tom@support.example)
sweep: 1 ticket
7wm2d: Scheduled -> Customer-Reply (uma@support.example for jane@shop.example)
7wm2d: In Progress -> Scheduled (tom@support.example)
7wm2d: Customer-Reply -> In Progress (tom@support.example)
7wm2d: In Progress -> Customer-Reply (jane@shop.example)
7wm2d: Customer-Reply -> In Progress (tom@support.example)
7wm2d: assignee (tom@support.example)
7wm2d: Open -> Customer-Reply (jane@shop.example)
p0r4c: new, Open (omar@cafe.example)
7wm2d: new, Open (jane@shop.example)
A ticket store
$ ticketctl check
0 problems in 3 tickets
