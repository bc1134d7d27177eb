# BizTech: one ticket from the customer's report to its closing by the sweep.
@ 2026-11-02T09:00 -
$ ticketctl init --profile biztech
made a ticket store
made a git repository; every command commits what it changes (commit: auto)
next: ticketctl new "It does not work" -c jane@customer.example
$ printf '%s\n' 'people:' '  amy@support.example: {name: Amy, roles: [agent]}' '  ben@support.example: {name: Ben, roles: [agent]}' >> ticketctl.yaml

# B1: a customer creates a ticket. It is New, and nobody has it yet.
@ 2026-11-02T09:05 customer:jane@customer.example
$ ticketctl new "Invoice shows the wrong address" -d "The October invoice has our old address. It went to Elm Street." --set product=billing --id 261102-k3qx9
261102-k3qx9

# B1, X2: from New a ticket goes to Open alone, and that takes an assignee.
@ 2026-11-02T09:20 agent:amy@support.example
$ ticketctl list
ID            STATUS  WHO  AGE     DUE  TITLE
261102-k3qx9  New     -    15 min  -    Invoice shows the wrong address
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)
$ ticketctl next k3qx9
k3qx9 is New. As Amy (agent) you can change it to:
  Open   An Open ticket is defined as a ticket assigned to a support person at BizTech.
         - an Open ticket is assigned to a support person: name one (-a WHO)
$ ticketctl move k3qx9 Pending
refused  k3qx9  New -> Pending: Invoice shows the wrong address
  - from New you can go to Open, not to Pending
  the way there: New -> Open (agent) -> Pending (agent)
  open to you now (agent): Open
hint: ticketctl move k3qx9 Open -a WHO
? 1
$ ticketctl move k3qx9 Open
refused  k3qx9  New -> Open: Invoice shows the wrong address
  - an Open ticket is assigned to a support person: name one (-a WHO)
  "An Open ticket is defined as a ticket assigned to a support person at BizTech."   (biztech, B1)
  open to you now (agent): nothing else, but you can add a message (reply)
hint: ticketctl move k3qx9 Open -a WHO
? 1

# B1: the assignee is a support person, and assigning a New ticket makes it Open.
$ ticketctl assign k3qx9 jane@customer.example
refused  k3qx9  New: Invoice shows the wrong address
  - jane@customer.example is not a support person at BizTech; assign the ticket to an agent
? 1
$ ticketctl assign k3qx9 @me
k3qx9: New -> Open     a reminder goes out in 2 d (2026-11-04 09:20)

# B2: New is never entered again.
$ ticketctl move k3qx9 New
refused  k3qx9  Open -> New: Invoice shows the wrong address
  - from Open you can go to Pending or Solved, not to New
  open to you now (agent): Pending, Solved
? 1
$ ticketctl note k3qx9 -m "Billing has both addresses on file."
k3qx9: note added

# B1, B3: Pending takes a public message that says what is needed, and the ticket stays assigned. Both reasons are told.
$ ticketctl move k3qx9 Pending -a none
refused  k3qx9  Open -> Pending: Invoice shows the wrong address
  - tell the customer what is needed (--reply TEXT)
  - a Pending ticket stays assigned: name somebody else instead (-a WHO)
  "oftentimes to solve a ticket, we need to collect more information from you, our customer"
  (biztech, B3)
  open to you now (agent): Solved
hint: the same with --reply TEXT -a WHO
? 1
$ ticketctl move k3qx9 Pending --reply "Which address should the invoice show?"
k3qx9: Open -> Pending     jane@customer.example will be notified

# B4: the customer answers, and the ticket is Open by itself.
@ 2026-11-02T10:30 customer:jane@customer.example
$ ticketctl next k3qx9
k3qx9 is Pending. As jane (customer) you cannot change its status.
others: Open, Solved by agent; Open by itself on the customer's reply
$ ticketctl reply k3qx9 -m "12 Oak Lane, please."
k3qx9: Pending -> Open
       amy@support.example will be notified; a reminder goes out in 2 d (2026-11-04 10:30)

# What staff decide is not the customer's to decide. Both reasons are told.
$ ticketctl move k3qx9 Pending
refused  k3qx9  Open -> Pending: Invoice shows the wrong address
  - only agent may move Open -> Pending, not customer
  - tell the customer what is needed (--reply TEXT)
  "oftentimes to solve a ticket, we need to collect more information from you, our customer"
  (biztech, B3)
  open to you now (customer): nothing else, but you can add a message (reply)
? 1
$ ticketctl set k3qx9 due=2026-11-03
refused  k3qx9  Open: Invoice shows the wrong address
  - due is set by staff, not by customer
? 1

@ 2026-11-02T11:00 agent:amy@support.example
$ ticketctl list -a @me
ID            STATUS   WHO  AGE     DUE  TITLE
261102-k3qx9  Open  !  Amy  30 min  1 d  Invoice shows the wrong address
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)
$ ticketctl assign k3qx9 ben@support.example -m "Ben knows the billing system."
k3qx9: assignee ben@support.example, note added     a reminder goes out in 2 d (2026-11-04 11:00)

# B9: an Open ticket on which staff do nothing reminds its assignee after 2 days, once.
@ 2026-11-04T11:10 -
$ ticketctl sweep -n
would remind  k3qx9  ben@support.example about Open   due 10 min ago   biztech review-open (B9)
1 ticket, nothing written
$ ticketctl sweep
reminded  k3qx9  ben@support.example about Open   due 10 min ago   biztech review-open (B9)
1 ticket
$ ticketctl sweep

# B4: what the customer says by telephone is recorded for her.
@ 2026-11-04T12:00 agent:ben@support.example
$ ticketctl reply k3qx9 --for jane@customer.example --via phone -m "The October invoice must be sent again, too."
k3qx9: reply added     a reminder goes out in 2 d (2026-11-06 12:00)
$ ticketctl set k3qx9 product=invoices due=2026-11-06
k3qx9: product invoices, due 2026-11-06

# B6, X2: nobody closes by hand; the way there is told.
$ ticketctl move k3qx9 Closed
refused  k3qx9  Open -> Closed: Invoice shows the wrong address
  - from Open you can go to Pending or Solved, not to Closed
  the way there: Open -> Solved (agent) -> Closed (by itself after 4 days)
  open to you now (agent): Pending, Solved
hint: ticketctl move k3qx9 Solved
? 1

# B5: Solved; the customer is mailed.
$ ticketctl move k3qx9 Solved --reply "The address is corrected; the new invoice is on its way." --set due=
k3qx9: Open -> Solved
       jane@customer.example will be notified; closes by itself in 4 d (2026-11-08 12:00)

# B7: she is not satisfied, and the ticket is Open again.
@ 2026-11-06T13:00 customer:jane@customer.example
$ ticketctl reply k3qx9 -m "It says Oak Street. It should say Oak Lane."
k3qx9: Solved -> Open
       ben@support.example will be notified; a reminder goes out in 2 d (2026-11-08 13:00)

# B6: solved anew, the 4 days begin anew.
@ 2026-11-06T14:00 agent:ben@support.example
$ ticketctl move k3qx9 Solved --reply "I am sorry. It says Oak Lane now."
k3qx9: Open -> Solved
       jane@customer.example will be notified; closes by itself in 4 d (2026-11-10 14:00)
$ ticketctl list --due
ID            STATUS  WHO  AGE  DUE  TITLE
261102-k3qx9  Solved  Ben  0 s  4 d  Invoice shows the wrong address
1 ticket; 0 open in the store

# B6: a note does not reset them; the sweep closes when they are over.
@ 2026-11-09T09:00 agent:amy@support.example
$ ticketctl note k3qx9 -m "Checked: it says Oak Lane."
k3qx9: note added
@ 2026-11-10T13:59 -
$ ticketctl sweep
@ 2026-11-10T14:30 -
$ ticketctl sweep -n
would close  k3qx9  Solved -> Closed   due 30 min ago   biztech close-solved (B6)
1 ticket, nothing written
$ ticketctl sweep
closed  k3qx9  Solved -> Closed   due 30 min ago   biztech close-solved (B6)
1 ticket
$ ticketctl sweep
$ ticketctl list
no tickets match
$ ticketctl list --closed
ID            STATUS  WHO  AGE  DUE  TITLE
261102-k3qx9  Closed  Ben  0 s  -    Invoice shows the wrong address
1 ticket; 0 open in the store

# B8: Closed is final. What she writes now opens a linked ticket.
@ 2026-11-12T10:00 customer:jane@customer.example
$ ticketctl move k3qx9 Open
refused  k3qx9  Closed -> Open: Invoice shows the wrong address
  - Closed is final: a ticket never leaves it
  open to you now (customer): nothing else, but you can add a message (reply)
? 1
$ ticketctl reply k3qx9 -m "The November invoice has the old address again."
k3qx9: reply added     jane@customer.example will be notified; continued in 261112-v29gq
warning: 261102-k3qx9 is Closed and stays Closed; the message opens a new ticket that follows it
$ ticketctl list -A --columns id,status,customer,follows,title
ID            STATUS  CUSTOMER               FOLLOWS       TITLE
261112-v29gq  New     jane@customer.example  261102-k3qx9  Invoice shows the wrong address
261102-k3qx9  Closed  jane@customer.example  -             Invoice shows the wrong address
2 tickets; 1 open in the store (waiting for the customer: 0; for us: 1)

# X1: the whole story, on the ticket and in git.
@ 2026-11-12T11:00 agent:amy@support.example
$ ticketctl show k3qx9
261102-k3qx9  Invoice shows the wrong address
Closed (closed)   biztech   customer jane@customer.example   assignee ben@support.example
product: invoices

2026-11-02 09:05  jane (customer)   created as New   product billing
    The October invoice has our old address. It went to Elm Street.
2026-11-02 09:20  Amy (agent)   assignee amy@support.example; New -> Open by rule assigned
2026-11-02 09:20  Amy (agent)   note
  # Billing has both addresses on file.
2026-11-02 09:20  Amy (agent)   Open -> Pending; notified jane
    Which address should the invoice show?
2026-11-02 10:30  jane (customer)   replied; Pending -> Open by rule customer-replied; notified Amy
    12 Oak Lane, please.
2026-11-02 11:00  Amy (agent)   note   assignee ben@support.example
  # Ben knows the billing system.
2026-11-04 11:10  rule review-open   reminded Ben   (due 2026-11-04 11:00); notified Ben
2026-11-04 12:00  Ben (agent, by phone) for jane   replied
    The October invoice must be sent again, too.
2026-11-04 12:00  Ben (agent)   product invoices, due 2026-11-06
2026-11-04 12:00  Ben (agent)   Open -> Solved   due cleared; notified jane
    The address is corrected; the new invoice is on its way.
2026-11-06 13:00  jane (customer)   replied; Solved -> Open by rule customer-replied; notified Ben
    It says Oak Street. It should say Oak Lane.
2026-11-06 14:00  Ben (agent)   Open -> Solved; notified jane
    I am sorry. It says Oak Lane now.
2026-11-09 09:00  Amy (agent)   note
  # Checked: it says Oak Lane.
2026-11-10 14:30  rule close-solved   Solved -> Closed   (due 2026-11-10 14:00)
2026-11-12 10:00  jane (customer)   replied; linked   follow_up 261112-v29gq by rule
                  closed-follow-up; notified jane
    The November invoice has the old address again.
$ ticketctl log k3qx9 --format jsonl | tail -n 3
{"schema": "ticketctl/1", "id": "e513f5ba2c35a", "at": "2026-11-12T10:00:00Z", "by": "jane@customer.example", "role": "customer", "event": "replied", "text": "The November invoice has the old address again."}
{"schema": "ticketctl/1", "id": "ef9a89200ee2f", "at": "2026-11-12T10:00:00Z", "by": "system", "role": "system", "event": "linked", "rule": "closed-follow-up", "anchor": "e513f5ba2c35a", "set": {"follow_up": "261112-v29gq"}}
{"schema": "ticketctl/1", "id": "e7977e451b6c6", "at": "2026-11-12T10:00:00Z", "by": "system", "role": "system", "event": "notified", "rule": "closed-follow-up", "anchor": "e513f5ba2c35a", "message": "follow-up", "told": ["jane@customer.example"]}
$ git log --format=%s
k3qx9: reply (jane@customer.example)
sweep: 1 ticket
k3qx9: note (amy@support.example)
k3qx9: Open -> Solved (ben@support.example)
k3qx9: Solved -> Open (jane@customer.example)
k3qx9: Open -> Solved (ben@support.example)
k3qx9: product, due (ben@support.example)
k3qx9: reply (ben@support.example for jane@customer.example)
sweep: 1 ticket
k3qx9: assignee, note (amy@support.example)
k3qx9: Pending -> Open (jane@customer.example)
k3qx9: Open -> Pending (amy@support.example)
k3qx9: note (amy@support.example)
k3qx9: New -> Open (amy@support.example)
k3qx9: new, New (jane@customer.example)
A ticket store
$ ticketctl check
0 problems in 2 tickets
