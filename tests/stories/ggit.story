# GGIT: one ticket through triage, the customer, TimeZest, a deferral that wakes by itself, and Complete.
@ 2026-11-02T14:00 -
$ ticketctl init --profile ggit
made a ticket store
made a git repository; every command commits what it changes (commit: auto)
next: ticketctl new "It does not work" -c jane@customer.example
$ printf '%s\n' 'people:' '  tina@it.example: {name: Tina, roles: [technician]}' '  tom@it.example: {name: Tom, roles: [technician]}' '  ada@it.example: {name: Ada, roles: [admin]}' '  timezest@integrations.example: {name: TimeZest, roles: [timezest]}' >> ticketctl.yaml

# G2: every new ticket is New; nobody sets that by hand.
@ 2026-11-02T14:05 customer:jane@acme.example
$ ticketctl new "Laptop is slow after the update" -d "It takes ten minutes to start." --id 261102-w2m7d
261102-w2m7d

# G3: moving is for technicians and admins; what else is wanting is told as well.
$ ticketctl move w2m7d "Follow Up Needed: Resource"
refused  w2m7d  New -> Follow Up Needed: Resource: Laptop is slow after the update
  - only technician or admin may move New -> Follow Up Needed: Resource, not customer
  - say what is to be done (-m NOTE)
  - the primary resource has to act: say who that is (-a WHO)
  "Primary resource on the ticket needs to take action – use status “Follow Up Needed:Resource.”"
  (ggit, G3, G4, G8)
  open to you now (customer): nothing else, but you can add a message (reply)
? 1
@ 2026-11-02T14:10 technician:tina@it.example
$ ticketctl list
ID            STATUS  WHO  AGE    DUE  TITLE
261102-w2m7d  New     -    5 min  -    Laptop is slow after the update
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)
$ ticketctl move w2m7d "Note Emailed In"
refused  w2m7d  New -> Note Emailed In: Laptop is slow after the update
  - Note Emailed In is never set by hand: the rule mail-noted sets it
  "They should be set only by workflow rules or APIs."   (ggit, G2, G13)
  open to you now (technician): In Progress, Follow Up Needed: Admin, Follow Up Needed: Resource,
    No Appt Needed - To Do, Waiting Customer, Scheduling Link Sent, No-Show: Remote Customer,
    Scheduled, Waiting Vendor, Pending Payment, Deferred, Complete
? 1

# G3, G15: from any status to the twelve that people set, less what the category does not offer.
$ ticketctl next w2m7d
w2m7d is New. As Tina (technician) you can change it to:
  In Progress                  When a ticket is in the initial stages of being evaluated (triaged),
                               but we want to indicate that we are paying attention to it so someone
                               else doesn't take it, use status "IN PROGRESS."
  Follow Up Needed: Admin      Admin needs to take action – use status “FOLLOW UP NEEDED: ADMIN.”
                               - say what is to be done and who is to do it (-m NOTE, or --template
                                 tech-handoff)
  Follow Up Needed: Resource   Primary resource on the ticket needs to take action – use status
                               “Follow Up Needed:Resource.”
                               - say what is to be done (-m NOTE)
                               - the primary resource has to act: say who that is (-a WHO)
  No Appt Needed - To Do       This is for work assigned to a tech does not require any interaction
                               with the customer and does not need to be scheduled because it can be
                               done as soon as time permits (e.g., backup checks, minor background
                               projects).
                               - say whose to-do queue it goes to (-a WHO)
  Waiting Customer             We are waiting to hear back from the customer - use status WAITING
                               CUSTOMER. ... We are waiting until an item arrives that the customer
                               ordered before further action can be taken – use status “WAITING
                               CUSTOMER.”
  Scheduling Link Sent         We have sent a scheduling link to a customer so they can schedule
                               work. Use status SCHEDULING LINK SENT.
  No-Show: Remote Customer     User missed an appointment. Tech should use status NO-SHOW: remote
                               customer and cancel the service call.
                               - no appointment is booked; if there was one, book it first
                                 (ticketctl set ID appointment=booked)
  Scheduled                    We've scheduled the work but it's done behind the scenes so we don't
                               need to schedule at all with the customer, use Scheduled. ... The
                               customer doesn't need to be there but does need to stay off the
                               machine. They don't need to call in. Use Scheduled
  Waiting Vendor               We are waiting until an item that we ordered arrives before further
                               action can be taken.
  Pending Payment              We're waiting for payment before we can further action the ticket.
                               Use "PENDING PAYMENT."
  Deferred                     When the ticket needs to be addressed at a later date - use status
                               "DEFERRED" and set the due date for the date it needs to be
                               addressed.
                               - give the date on which it needs to be addressed, in the future
                                 (--due WHEN)
  Complete                     When the ticket has been completed and all checklist items have been
                               checked off - use status "COMPLETE."
others: Received Form Response by web_form; Sent from MC, Out of Scope, MC No Contact by
  mission_control; Incomplete - Re-opened, Customer or Tech Says Close, Note Emailed In,
  Received Form Response by itself on a mail
$ ticketctl set w2m7d category=procurement
w2m7d: category procurement
$ ticketctl move w2m7d "No-Show: Remote Customer"
refused  w2m7d  New -> No-Show: Remote Customer: Laptop is slow after the update
  - the category "procurement" does not allow No-Show: Remote Customer; support does (--set
    category=support); ask Roberta
  - no appointment is booked; if there was one, book it first (ticketctl set ID appointment=booked)
  "User missed an appointment. Tech should use status NO-SHOW: remote customer and cancel the
  service call."   (ggit, G3, G12)
  open to you now (technician): In Progress, Follow Up Needed: Admin, Follow Up Needed: Resource,
    Waiting Customer, Waiting Vendor, Pending Payment, Deferred, Complete
? 1
$ ticketctl set w2m7d category=support checklist="Clean the disk,Test the start" time_entries=not_done
w2m7d: category support, checklist 0 of 2 done: [ ] clean-the-disk, [ ] test-the-start, time_entries
       not_done

# G9: triage claims an unassigned ticket; after 4 hours its assignee is reminded, once. G2: and New does not come back.
$ ticketctl move w2m7d in-progress
w2m7d: New -> In Progress     a reminder goes out in 4 h (2026-11-02 18:10)
$ ticketctl move w2m7d New
refused  w2m7d  In Progress -> New: Laptop is slow after the update
  - New is never set by hand: the creation of a ticket sets it
  open to you now (technician): Follow Up Needed: Admin, Follow Up Needed: Resource,
    No Appt Needed - To Do, Waiting Customer, Scheduling Link Sent, No-Show: Remote Customer,
    Scheduled, Waiting Vendor, Pending Payment, Deferred, Complete
? 1
@ 2026-11-02T18:15 -
$ ticketctl sweep -n
would remind  w2m7d  tina@it.example about In Progress   due 5 min ago
              ggit in-progress-reminder (G9)
1 ticket, nothing written
$ ticketctl sweep
reminded  w2m7d  tina@it.example about In Progress   due 5 min ago   ggit in-progress-reminder (G9)
1 ticket
$ ticketctl sweep

# G4: who has to act next, and what is to be done; the template hands over to the office.
@ 2026-11-02T18:30 technician:tina@it.example
$ ticketctl move w2m7d "Follow Up Needed: Admin"
refused  w2m7d  In Progress -> Follow Up Needed: Admin: Laptop is slow after the update
  - say what is to be done and who is to do it (-m NOTE, or --template tech-handoff)
  "Admin needs to take action – use status “FOLLOW UP NEEDED: ADMIN.”"   (ggit, G3, G4, G8)
  open to you now (technician): Follow Up Needed: Resource, No Appt Needed - To Do,
    Waiting Customer, Scheduling Link Sent, No-Show: Remote Customer, Scheduled, Waiting Vendor,
    Pending Payment, Deferred, Complete
hint: ticketctl move w2m7d "Follow Up Needed: Admin" -m NOTE
? 1
$ ticketctl move w2m7d "Follow Up Needed: Admin" --template tech-handoff -m "Ada: is the laptop under warranty?"
w2m7d: In Progress -> Follow Up Needed: Admin     ada@it.example will be notified
@ 2026-11-02T19:00 admin:ada@it.example
$ ticketctl move w2m7d followupneeded:resource -m "No warranty. Tina: ask what she wants to do."
w2m7d: Follow Up Needed: Admin -> Follow Up Needed: Resource     tina@it.example will be notified

# G5: Waiting Customer; five days later the sweep reminds the customer, once.
@ 2026-11-03T14:00 technician:tina@it.example
$ ticketctl move w2m7d waiting-customer --reply "The disk is old. May we replace it?"
w2m7d: Follow Up Needed: Resource -> Waiting Customer
       jane@acme.example will be notified; a reminder goes out in 5 d (2026-11-08 14:00)
$ ticketctl list
ID            STATUS            WHO   AGE  DUE  TITLE
261102-w2m7d  Waiting Customer  Tina  0 s  5 d  Laptop is slow after the update
1 ticket; 1 open in the store (waiting for the customer: 1; for us: 0)
@ 2026-11-08T14:30 -
$ ticketctl sweep -n
would remind  w2m7d  jane@acme.example about Waiting Customer   due 30 min ago
              ggit waiting-customer-reminder (G5)
1 ticket, nothing written
$ ticketctl sweep
reminded  w2m7d  jane@acme.example about Waiting Customer   due 30 min ago
          ggit waiting-customer-reminder (G5)
1 ticket
$ ticketctl sweep

# G13: a message that does not come by mail moves nothing.
@ 2026-11-09T14:00 customer:jane@acme.example
$ ticketctl reply w2m7d -m "Yes, please replace it."
w2m7d: reply added     tina@it.example will be notified
@ 2026-11-09T15:00 technician:tina@it.example
$ ticketctl note w2m7d -m "One disk is on the shelf."
w2m7d: note added

# G6: a scheduling link belongs to its own status, G5: and not to Waiting Customer.
$ ticketctl reply w2m7d -m "Choose a time: https://ggit.timezest.com/tina"
w2m7d: reply added
       jane@acme.example will be notified; a reminder goes out in 5 d (2026-11-14 15:00)
warning: This holds a scheduling link, which TimeZest does not see: set the status (ticketctl move 261102-w2m7d "Scheduling Link Sent").
$ ticketctl move w2m7d "Scheduling Link Sent"
w2m7d: Waiting Customer -> Scheduling Link Sent
$ ticketctl move w2m7d waiting-customer
refused  w2m7d  Scheduling Link Sent -> Waiting Customer: Laptop is slow after the update
  - a scheduling link was sent and the customer has not replied since: leave it Scheduling Link Sent
  "We are waiting to hear back from the customer - use status WAITING CUSTOMER. ... We are waiting
  until an item arrives that the customer ordered before further action can be taken – use status
  “WAITING CUSTOMER.”"   (ggit, G3, G5, G13, G14)
  open to you now (technician): In Progress, Follow Up Needed: Admin, Follow Up Needed: Resource,
    No Appt Needed - To Do, No-Show: Remote Customer, Scheduled, Waiting Vendor, Pending Payment,
    Deferred, Complete
? 1

# G6: TimeZest books the appointment. G12: the customer misses it.
@ 2026-11-09T16:00 timezest:timezest@integrations.example
$ ticketctl move w2m7d Scheduled --due 2026-11-11T15:00
w2m7d: Scheduling Link Sent -> Scheduled
$ ticketctl log w2m7d --format jsonl | tail -n 1
{"schema": "ticketctl/1", "id": "e880ace7f27e9", "at": "2026-11-09T16:00:00Z", "by": "timezest@integrations.example", "role": "timezest", "event": "moved", "from": "Scheduling Link Sent", "to": "Scheduled", "set": {"due": "2026-11-11T15:00:00Z", "fields.appointment": "booked"}}
@ 2026-11-11T15:30 technician:tina@it.example
$ ticketctl move w2m7d no-show -m "Called twice."
w2m7d: Scheduled -> No-Show: Remote Customer     jane@acme.example will be notified
$ ticketctl move w2m7d no-show
refused  w2m7d  No-Show: Remote Customer -> No-Show: Remote Customer: Laptop is slow after the
         update
  - the ticket is already No-Show: Remote Customer
  open to you now (technician): In Progress, Follow Up Needed: Admin, Follow Up Needed: Resource,
    No Appt Needed - To Do, Waiting Customer, Scheduling Link Sent, Scheduled, Waiting Vendor,
    Pending Payment, Deferred, Complete
? 1

# G8: Deferred takes a date in the future, in the same move. What she says by telephone is recorded for her.
@ 2026-11-11T16:00 technician:tina@it.example
$ ticketctl reply w2m7d --for jane@acme.example --via phone -m "I am sorry. I am away until the 18th."
w2m7d: reply added
$ ticketctl move w2m7d Deferred
refused  w2m7d  No-Show: Remote Customer -> Deferred: Laptop is slow after the update
  - give the date on which it needs to be addressed, in the future (--due WHEN)
  "When the ticket needs to be addressed at a later date - use status 'DEFERRED' and set the due
  date for the date it needs to be addressed."   (ggit, G3, G8)
  open to you now (technician): In Progress, Follow Up Needed: Admin, Follow Up Needed: Resource,
    No Appt Needed - To Do, Waiting Customer, Scheduling Link Sent, Scheduled, Waiting Vendor,
    Pending Payment, Complete
hint: ticketctl move w2m7d Deferred --due WHEN
? 1
$ ticketctl move w2m7d Deferred --due 2026-11-10
refused  w2m7d  No-Show: Remote Customer -> Deferred: Laptop is slow after the update
  - give the date on which it needs to be addressed, in the future (--due WHEN)
  "When the ticket needs to be addressed at a later date - use status 'DEFERRED' and set the due
  date for the date it needs to be addressed."   (ggit, G3, G8)
  open to you now (technician): In Progress, Follow Up Needed: Admin, Follow Up Needed: Resource,
    No Appt Needed - To Do, Waiting Customer, Scheduling Link Sent, Scheduled, Waiting Vendor,
    Pending Payment, Complete
hint: the same with --due WHEN
? 1
$ ticketctl move w2m7d Deferred --due 2026-11-18 -m "She is away."
w2m7d: No-Show: Remote Customer -> Deferred
       goes to Follow Up Needed: Resource by itself in 5 d 13 h (2026-11-17 05:00)
$ ticketctl show w2m7d | head -n 8
261102-w2m7d  Laptop is slow after the update
Deferred (on_hold)   ggit   customer jane@acme.example   assignee tina@it.example   due 2026-11-18
appointment: cancelled
category: support
checklist: 0 of 2 done: [ ] clean-the-disk, [ ] test-the-start
time_entries: not_done
waiting_for: reply
goes to Follow Up Needed: Resource by itself in 5 d 13 h (2026-11-17 05:00)   (deferred-resource,

# G8: one day before its date the sweep wakes it, and reminds the primary resource.
@ 2026-11-17T04:59 -
$ ticketctl sweep
@ 2026-11-17T05:30 -
$ ticketctl sweep -n
would move  w2m7d  Deferred -> Follow Up Needed: Resource, notified tina@it.example   due 30 min ago
            ggit deferred-resource (G8)
1 ticket, nothing written
$ ticketctl sweep
moved  w2m7d  Deferred -> Follow Up Needed: Resource, notified tina@it.example   due 30 min ago
       ggit deferred-resource (G8)
1 ticket
$ ticketctl sweep

# G8: a Deferred ticket that loses its date is not lost.
@ 2026-11-18T15:00 technician:tina@it.example
$ ticketctl move w2m7d Deferred --due 2026-11-30
w2m7d: Follow Up Needed: Resource -> Deferred
       goes to Follow Up Needed: Resource by itself in 10 d 14 h (2026-11-29 05:00)
$ ticketctl set w2m7d due=
w2m7d: due cleared
       goes to Follow Up Needed: Resource by itself at the next sweep (due 2026-11-18 15:00)
warning: A Deferred ticket without a due date can get lost: the next sweep takes it out of Deferred (ticketctl set 261102-w2m7d due=DATE)
@ 2026-11-18T15:30 -
$ ticketctl sweep
moved  w2m7d  Deferred -> Follow Up Needed: Resource, notified tina@it.example   due 30 min ago
       ggit deferred-lost-resource (G8)
1 ticket

# G10: work that needs no appointment goes to somebody's to-do queue; the customer is not told.
@ 2026-11-18T16:00 technician:tina@it.example
$ ticketctl assign w2m7d tom@it.example -m "Tom has the disk."
w2m7d: assignee tom@it.example, note added     tom@it.example will be notified
$ ticketctl move w2m7d todo
w2m7d: Follow Up Needed: Resource -> No Appt Needed - To Do
$ ticketctl list --columns id,status,who,queue,title
ID            STATUS                     WHO  QUEUE                TITLE
261102-w2m7d  No Appt Needed - To Do  !  Tom  todo/tom@it.example  Laptop is slow after the update
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)

# G7: Complete takes every item of the checklist and the time entries. Both reasons are told.
@ 2026-11-19T15:00 technician:tom@it.example
$ ticketctl move w2m7d Complete
refused  w2m7d  No Appt Needed - To Do -> Complete: Laptop is slow after the update
  - 2 of 2 checklist items are open: "clean-the-disk", "test-the-start" (--set
    checklist.clean-the-disk=done --set checklist.test-the-start=done)
  - time entries are not done (--set time_entries=done)
  "When the ticket has been completed and all checklist items have been checked off - use status
  'COMPLETE.'"   (ggit, G3, G7, G14)
  open to you now (technician): In Progress, Follow Up Needed: Admin, Follow Up Needed: Resource,
    Waiting Customer, Scheduling Link Sent, No-Show: Remote Customer, Scheduled, Waiting Vendor,
    Pending Payment, Deferred
hint: ticketctl move w2m7d Complete --set checklist.clean-the-disk=done --set
    checklist.test-the-start=done --set time_entries=done
? 1
$ ticketctl set w2m7d checklist.clean-the-disk=done checklist.test-the-start=done time_entries=done
w2m7d: checklist.clean-the-disk done, checklist.test-the-start done, time_entries done
$ ticketctl move w2m7d Complete --reply "The new disk is in; the laptop starts in 20 seconds."
w2m7d: No Appt Needed - To Do -> Complete     jane@acme.example will be notified

# G7: what becomes incomplete afterwards opens it again, by itself.
@ 2026-11-19T17:00 admin:ada@it.example
$ ticketctl set w2m7d time_entries=not_done
w2m7d: Complete -> Incomplete - Re-opened     ada@it.example, tom@it.example will be notified
@ 2026-11-20T15:00 technician:tom@it.example
$ ticketctl move w2m7d Complete --set time_entries=done --no-notify
w2m7d: Incomplete - Re-opened -> Complete

# X1: the whole story.
@ 2026-11-20T16:00 admin:ada@it.example
$ ticketctl list
no tickets match
$ ticketctl list --closed
ID            STATUS    WHO  AGE  DUE  TITLE
261102-w2m7d  Complete  Tom  1 h  -    Laptop is slow after the update
1 ticket; 0 open in the store
$ ticketctl show w2m7d
261102-w2m7d  Laptop is slow after the update
Complete (closed)   ggit   customer jane@acme.example   assignee tom@it.example
category: support
checklist: 2 of 2 done: [x] clean-the-disk, [x] test-the-start
time_entries: done
waiting_for: reply

2026-11-02 14:05  jane (customer)   created as New   category support
    It takes ten minutes to start.
2026-11-02 14:10  Tina (technician)   category procurement
2026-11-02 14:10  Tina (technician)   category support, checklist 0 of 2 done: [ ] clean-the-disk, [
                  ] test-the-start, time_entries not_done
2026-11-02 14:10  Tina (technician)   New -> In Progress; assignee tina@it.example by rule claim
2026-11-02 18:15  rule in-progress-reminder   reminded Tina   (due 2026-11-02 18:10); notified Tina
2026-11-02 18:30  Tina (technician)   In Progress -> Follow Up Needed: Admin; notified Ada
  # Ada: is the laptop under warranty?
2026-11-02 19:00  Ada (admin)   Follow Up Needed: Admin -> Follow Up Needed: Resource; notified Tina
  # No warranty. Tina: ask what she wants to do.
2026-11-03 14:00  Tina (technician)   Follow Up Needed: Resource -> Waiting Customer   waiting_for
                  reply; notified jane
    The disk is old. May we replace it?
2026-11-08 14:30  rule waiting-customer-reminder   reminded jane   (due 2026-11-08 14:00); notified
                  jane
2026-11-09 14:00  jane (customer)   replied; notified Tina
    Yes, please replace it.
2026-11-09 15:00  Tina (technician)   note
  # One disk is on the shelf.
2026-11-09 15:00  Tina (technician)   replied; notified jane
    Choose a time: https://ggit.timezest.com/tina
2026-11-09 15:00  Tina (technician)   Waiting Customer -> Scheduling Link Sent
2026-11-09 16:00  TimeZest (timezest)   Scheduling Link Sent -> Scheduled   due 2026-11-11 15:00,
                  appointment booked
2026-11-11 15:30  Tina (technician)   Scheduled -> No-Show: Remote Customer   appointment cancelled;
                  notified jane
  # Called twice.
2026-11-11 16:00  Tina (technician, by phone) for jane   replied
    I am sorry. I am away until the 18th.
2026-11-11 16:00  Tina (technician)   No-Show: Remote Customer -> Deferred   due 2026-11-18
  # She is away.
2026-11-17 05:30  rule deferred-resource   Deferred -> Follow Up Needed: Resource   (due 2026-11-17
                  05:00); notified Tina
  # Deferred until 2026-11-18, which is near. tina@it.example: take the next step.
2026-11-18 15:00  Tina (technician)   Follow Up Needed: Resource -> Deferred   due 2026-11-30
2026-11-18 15:00  Tina (technician)   due cleared
2026-11-18 15:30  rule deferred-lost-resource   Deferred -> Follow Up Needed: Resource   (due
                  2026-11-18 15:00); notified Tina
  # Deferred without a due date. tina@it.example: take the next step, or defer it to a date.
2026-11-18 16:00  Tina (technician)   note   assignee tom@it.example; notified Tom
  # Tom has the disk.
2026-11-18 16:00  Tina (technician)   Follow Up Needed: Resource -> No Appt Needed - To Do; queue
                  todo/tom@it.example by rule to-do-queue
2026-11-19 15:00  Tom (technician)   checklist.clean-the-disk done, checklist.test-the-start done,
                  time_entries done
2026-11-19 15:00  Tom (technician)   No Appt Needed - To Do -> Complete; queue cleared by rule
                  to-do-queue-left; notified jane
    The new disk is in; the laptop starts in 20 seconds.
2026-11-19 17:00  Ada (admin)   time_entries not_done; Complete -> Incomplete - Re-opened by rule
                  complete-undone; appointment cleared by rule new-round; notified Ada, Tom
2026-11-20 15:00  Tom (technician)   Incomplete - Re-opened -> Complete   time_entries done   (no
                  notifications)
$ git log --format=%s
w2m7d: Incomplete - Re-opened -> Complete (tom@it.example)
w2m7d: Complete -> Incomplete - Re-opened (ada@it.example)
w2m7d: No Appt Needed - To Do -> Complete (tom@it.example)
w2m7d: checklist.clean-the-disk, checklist.test-the-start, time_entries (tom@it.example)
w2m7d: Follow Up Needed: Resource -> No Appt Needed - To Do (tina@it.example)
w2m7d: assignee, note (tina@it.example)
sweep: 1 ticket
w2m7d: due (tina@it.example)
w2m7d: Follow Up Needed: Resource -> Deferred (tina@it.example)
sweep: 1 ticket
w2m7d: No-Show: Remote Customer -> Deferred (tina@it.example)
w2m7d: reply (tina@it.example for jane@acme.example)
w2m7d: Scheduled -> No-Show: Remote Customer (tina@it.example)
w2m7d: Scheduling Link Sent -> Scheduled (timezest@integrations.example)
w2m7d: Waiting Customer -> Scheduling Link Sent (tina@it.example)
w2m7d: reply (tina@it.example)
w2m7d: note (tina@it.example)
w2m7d: reply (jane@acme.example)
sweep: 1 ticket
w2m7d: Follow Up Needed: Resource -> Waiting Customer (tina@it.example)
w2m7d: Follow Up Needed: Admin -> Follow Up Needed: Resource (ada@it.example)
w2m7d: In Progress -> Follow Up Needed: Admin (tina@it.example)
sweep: 1 ticket
w2m7d: New -> In Progress (tina@it.example)
w2m7d: category, checklist, time_entries (tina@it.example)
w2m7d: category (tina@it.example)
w2m7d: new, New (jane@acme.example)
A ticket store
$ ticketctl check
0 problems in 1 ticket
