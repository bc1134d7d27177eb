# AeroSoft: one ticket through development, test and two releases to its closing by the sweep, 7 days after a notice.
@ 2026-11-02T09:00 -
$ ticketctl init --profile aerosoft
made a ticket store
made a git repository; every command commits what it changes (commit: auto)
next: ticketctl new "It does not work" -c jane@customer.example
$ printf '%s\n' 'people:' '  amy@support.example: {name: Amy, roles: [agent]}' '  dan@dev.example: {name: Dan, roles: [developer]}' '  quinn@dev.example: {name: Quinn, roles: [qa]}' >> ticketctl.yaml

# A3: a customer creates a ticket; the Customer Support Team learns of it.
@ 2026-11-02T09:05 customer:jane@airline.example
$ ticketctl new "Work order prints without the part number" -d "Since the last package the part number is missing from every printed work order." --id 261102-a1f7k
261102-a1f7k

# A4, X2: assigning is the agent's, and it takes an assignee. Both reasons are told.
$ ticketctl move a1f7k "Ticket Assigned"
refused  a1f7k  Open -> Ticket Assigned: Work order prints without the part number
  - only agent may move Open -> Ticket Assigned, not customer
  - name the agent who works on it (-a WHO)
  "Agent has been assigned to work the ticket."   (aerosoft, A4)
  open to you now (customer): nothing else, but you can add a message (reply)
? 1
@ 2026-11-02T09:20 agent:amy@support.example
$ ticketctl list
ID            STATUS  WHO  AGE     DUE  TITLE
261102-a1f7k  Open    -    15 min  -    Work order prints without the part number
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)
$ ticketctl next a1f7k
a1f7k is Open. As Amy (agent) you can change it to:
  Ticket Assigned   Agent has been assigned to work the ticket.
                    - name the agent who works on it (-a WHO)
$ ticketctl move a1f7k "Investigation Underway"
refused  a1f7k  Open -> Investigation Underway: Work order prints without the part number
  - from Open you can go to Ticket Assigned, not to Investigation Underway
  the way there: Open -> Ticket Assigned (agent) -> Investigation Underway (agent)
  open to you now (agent): Ticket Assigned
hint: ticketctl move a1f7k "Ticket Assigned" -a WHO
? 1

# A4: assigning an Open ticket makes the move by itself. A5: the agent investigates.
$ ticketctl assign a1f7k @me
a1f7k: Open -> Ticket Assigned
$ ticketctl move a1f7k investigation-underway -m "It prints well in version 8.1, and not in 8.2."
a1f7k: Ticket Assigned -> Investigation Underway
$ ticketctl next a1f7k
a1f7k is Investigation Underway. As Amy (agent) you can change it to:
  Waiting for Customer Response   Agent has finished initial investigation and requires additional
                                  information before moving forward.
                                  - tell the customer what you need (--reply TEXT)
  Send to Development             The issue requires the involvement of development team.

# A7: waiting for the customer takes a public message that says what is needed.
$ ticketctl move a1f7k "waiting for customer response"
refused  a1f7k  Investigation Underway -> Waiting for Customer Response: Work order prints without
         the part number
  - tell the customer what you need (--reply TEXT)
  "Agent has finished initial investigation and requires additional information before moving
  forward."   (aerosoft, A7)
  open to you now (agent): Send to Development
hint: ticketctl move a1f7k "Waiting for Customer Response" --reply TEXT
? 1
$ ticketctl move a1f7k "waiting for customer response" --reply "Which printer driver do you use?"
a1f7k: Investigation Underway -> Waiting for Customer Response
       jane@airline.example will be notified

# A9: without the customer's answer the ticket does not move further.
$ ticketctl move a1f7k "Send to Development"
refused  a1f7k  Waiting for Customer Response -> Send to Development: Work order prints without the
         part number
  - the customer has not answered yet; if they answered by telephone, record it first (reply ID
    --for CUSTOMER -m TEXT)
  "The issue requires the involvement of development team."   (aerosoft, A9, A27)
  open to you now (agent): nothing else, but you can add a message (reply)
hint: ticketctl reply a1f7k --for CUSTOMER -m TEXT
? 1

# A9, A27: an answer by telephone is recorded for the customer, and counts.
@ 2026-11-02T14:00 agent:amy@support.example
$ ticketctl reply a1f7k --for jane@airline.example --via phone -m "The PDF driver, version 3."
a1f7k: reply added
$ ticketctl note a1f7k -m "The same driver is on our test server."
a1f7k: note added
$ ticketctl set a1f7k environment=production due=2026-11-20
a1f7k: environment production, due 2026-11-20
$ ticketctl move a1f7k "Send to Development" -m "Reproduced with the PDF driver 3."
a1f7k: Waiting for Customer Response -> Send to Development     dan@dev.example will be notified

# A11: a ticket in the Backlog has no timeline; the team is set by the move.
@ 2026-11-03T08:30 developer:dan@dev.example
$ ticketctl move a1f7k Backlog
refused  a1f7k  Send to Development -> Backlog: Work order prints without the part number
  - a ticket in the Backlog has no timeline; take its due date off (--set due=)
  "Once AeroSoft has accepted that this is an issue, and the issue has been assigned to the
  developers to work. There is no timeline for the resolution, it is in the development Backlog."
  (aerosoft, A2, A11)
  open to you now (developer): Development in Progress
hint: ticketctl move a1f7k Backlog --set due=
? 1
$ ticketctl move a1f7k Backlog --set due=
a1f7k: Send to Development -> Backlog

# A12, A14: Blocked names the external factor, and warns where the system is a production system. A15: and back.
@ 2026-11-04T08:30 developer:dan@dev.example
$ ticketctl move a1f7k "Development in Progress"
a1f7k: Backlog -> Development in Progress
$ ticketctl move a1f7k Blocked
refused  a1f7k  Development in Progress -> Blocked: Work order prints without the part number
  - name the external factor that blocks it, like vendor or implementation (-m NOTE)
  "When the ticket gets blocked by an external factor like vendor or implementation, the status will
  update to Blocked."   (aerosoft, A2, A14)
  open to you now (developer): Waiting for Customer Response, Testing and Verification
hint: ticketctl move a1f7k Blocked -m NOTE
? 1
$ ticketctl move a1f7k Blocked -m "The vendor of the PDF driver has to publish a fix."
a1f7k: Development in Progress -> Blocked
warning: Blocked is generally not used for production systems, but only during implementations
$ ticketctl move a1f7k "Development in Progress"
a1f7k: Blocked -> Development in Progress

# A13, A16: developers finish, QA verifies.
@ 2026-11-05T15:00 developer:dan@dev.example
$ ticketctl move a1f7k "Testing and Verification" --set release=2026.3
a1f7k: Development in Progress -> Testing and Verification     quinn@dev.example will be notified
$ ticketctl move a1f7k "Done Awaiting Release"
refused  a1f7k  Testing and Verification -> Done Awaiting Release: Work order prints without the
         part number
  - only qa or agent may move Testing and Verification -> Done Awaiting Release, not developer
  "Solution is ready to be released in the package."   (aerosoft, A16)
  open to you now (developer): nothing else, but you can add a message (reply)
? 1
@ 2026-11-05T16:00 qa:quinn@dev.example
$ ticketctl move a1f7k "Done Awaiting Release" -m "Printed 40 work orders."
a1f7k: Testing and Verification -> Done Awaiting Release

# Two more tickets for the release: one is ready, one is in test still.
@ 2026-11-05T16:10 agent:amy@support.example
$ ticketctl new "Stock list shows a part twice" -c omar@hangar.example -a amy@support.example --id 261105-b2g8m
261105-b2g8m
$ ticketctl new "Export of stock levels stops at 1,000 rows" -c omar@hangar.example -a amy@support.example --id 261105-c3h9n
261105-c3h9n
$ for status in investigation-underway send-to-development development-in-progress testing-and-verification; do ticketctl move b2g8m c3h9n $status; done
b2g8m: Ticket Assigned -> Investigation Underway
c3h9n: Ticket Assigned -> Investigation Underway
b2g8m: Investigation Underway -> Send to Development     dan@dev.example will be notified
c3h9n: Investigation Underway -> Send to Development     dan@dev.example will be notified
b2g8m: Send to Development -> Development in Progress
c3h9n: Send to Development -> Development in Progress
b2g8m: Development in Progress -> Testing and Verification     quinn@dev.example will be notified
c3h9n: Development in Progress -> Testing and Verification     quinn@dev.example will be notified
$ ticketctl move b2g8m done-awaiting-release
b2g8m: Testing and Verification -> Done Awaiting Release
$ ticketctl set c3h9n release=2026.3
c3h9n: release 2026.3

# A17: a delivery names its package. A26: while a ticket of the package is not ready, none is delivered.
$ ticketctl move b2g8m "Release Delivered"
refused  b2g8m  Done Awaiting Release -> Release Delivered: Stock list shows a part twice
  - name the package (--set release=NAME)
  "A release package has been prepared for delivery."   (aerosoft, A17)
  open to you now (agent): nothing else, but you can add a message (reply)
hint: ticketctl move b2g8m "Release Delivered" --set release=NAME
? 1
$ ticketctl batch release 2026.3
error: not all tickets of 2026.3 are Done Awaiting Release: c3h9n is Testing and Verification
hint: to leave it out: --without c3h9n
? 1
$ ticketctl list --columns id,status,release,title
ID            STATUS                    RELEASE  TITLE
261105-c3h9n  Testing and Verification  2026.3   Export of stock levels stops at 1,000 rows
261105-b2g8m  Done Awaiting Release     -        Stock list shows a part twice
261102-a1f7k  Done Awaiting Release  !  2026.3   Work order prints without the part number
3 tickets; 3 open in the store (waiting for the customer: 0; for us: 3)

# A26: --without leaves it out; all others that are ready are delivered together, in one commit.
@ 2026-11-06T09:00 agent:amy@support.example
$ ticketctl batch release 2026.3 --without c3h9n --reply "The package 2026.3 is on your server."
a1f7k: Done Awaiting Release -> Release Delivered     jane@airline.example will be notified
b2g8m: Done Awaiting Release -> Release Delivered     omar@hangar.example will be notified
$ git log -1 --format=%B
release 2026.3: 2 tickets

a1f7k: Done Awaiting Release -> Release Delivered (amy@support.example)
b2g8m: Done Awaiting Release -> Release Delivered (amy@support.example)

# A27: the verdict is the customer's. Staff record it with --for; A18: a rejection says why.
$ ticketctl move a1f7k "Solution Rejected"
refused  a1f7k  Release Delivered -> Solution Rejected: Work order prints without the part number
  - only customer may move Release Delivered -> Solution Rejected; you can record what the customer
    decided (--for CUSTOMER)
  - say why the solution is not accepted (--reply TEXT)
  "Customer is not satisfied with the solution."   (aerosoft, A18, A27)
  open to you now (agent): Resolved
hint: ticketctl move a1f7k "Solution Rejected" --for CUSTOMER --reply TEXT
? 1
$ ticketctl move b2g8m Closed --for omar@hangar.example --via phone -m "He is content."
b2g8m: Release Delivered -> Closed
@ 2026-11-06T10:00 customer:jane@airline.example
$ ticketctl next a1f7k
a1f7k is Release Delivered. As jane (customer) you can change it to:
  Solution Rejected   Customer is not satisfied with the solution.
                      - say why the solution is not accepted (--reply TEXT)
  Closed              Customer is satisfied with the release delivered.
others: Resolved by agent
$ ticketctl move a1f7k "Solution Rejected"
refused  a1f7k  Release Delivered -> Solution Rejected: Work order prints without the part number
  - say why the solution is not accepted (--reply TEXT)
  "Customer is not satisfied with the solution."   (aerosoft, A18, A27)
  open to you now (customer): Closed
hint: ticketctl move a1f7k "Solution Rejected" --reply TEXT
? 1
$ ticketctl move a1f7k "Solution Rejected" --reply "The part number is there, but cut off after 8 characters."
a1f7k: Release Delivered -> Solution Rejected     amy@support.example will be notified

# A27: the rejected ticket is out of its package. A21: it goes to development again.
@ 2026-11-06T11:00 agent:amy@support.example
$ ticketctl list --columns id,status,who,release,title
ID            STATUS                    WHO  RELEASE  TITLE
261102-a1f7k  Solution Rejected  !      Amy  -        Work order prints without the part number
261105-c3h9n  Testing and Verification  Amy  2026.3   Export of stock levels stops at 1,000 rows
2 tickets; 2 open in the store (waiting for the customer: 0; for us: 2)
$ ticketctl move a1f7k "Send to Development" -m "The field is too narrow for long part numbers."
a1f7k: Solution Rejected -> Send to Development     dan@dev.example will be notified
@ 2026-11-09T08:00 developer:dan@dev.example
$ ticketctl move a1f7k "Development in Progress"
a1f7k: Send to Development -> Development in Progress
$ ticketctl move a1f7k "Testing and Verification" -m "The field grows with its content."
a1f7k: Development in Progress -> Testing and Verification     quinn@dev.example will be notified
@ 2026-11-10T08:00 qa:quinn@dev.example
$ ticketctl move a1f7k "Done Awaiting Release"
a1f7k: Testing and Verification -> Done Awaiting Release
@ 2026-11-11T09:00 agent:amy@support.example
$ ticketctl batch release 2026.3.1 a1f7k
a1f7k: Done Awaiting Release -> Release Delivered     jane@airline.example will be notified

# A20, A24: Resolved notifies the customer; 7 days from that notice the ticket closes by itself.
@ 2026-11-12T09:00 agent:amy@support.example
$ ticketctl move a1f7k Resolved --reply "2026.3.1 prints the whole part number."
a1f7k: Release Delivered -> Resolved
       jane@airline.example will be notified; closes by itself in 7 d (2026-11-19 09:00)
$ ticketctl list --due
ID            STATUS    WHO  AGE  DUE  TITLE
261102-a1f7k  Resolved  Amy  0 s  7 d  Work order prints without the part number
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)

# A24: a customer's message stops the clock; the next public message by staff starts it anew.
@ 2026-11-13T17:00 customer:jane@airline.example
$ ticketctl reply a1f7k -m "Must we print the old work orders again?"
a1f7k: reply added     amy@support.example will be notified; its timer is stopped
@ 2026-11-16T09:00 agent:amy@support.example
$ ticketctl list --due
no tickets match (1 open in the store)
$ ticketctl reply a1f7k -m "No. Only those that you still need on paper."
a1f7k: reply added
       jane@airline.example will be notified; closes by itself in 7 d (2026-11-23 09:00)

# A24: 7 days after the first notice nothing happens, 7 days after the second the sweep closes.
@ 2026-11-19T09:30 -
$ ticketctl sweep
@ 2026-11-23T09:30 -
$ ticketctl sweep -n
would close  a1f7k  Resolved -> Closed, notified jane@airline.example   due 30 min ago
             aerosoft close-resolved (A22, A24, A25)
1 ticket, nothing written
$ ticketctl sweep
closed  a1f7k  Resolved -> Closed, notified jane@airline.example   due 30 min ago
        aerosoft close-resolved (A22, A24, A25)
1 ticket
$ ticketctl sweep

# A25, X1: the history tells who closed it.
@ 2026-11-23T10:00 agent:amy@support.example
$ ticketctl list --closed
ID            STATUS  WHO  AGE     DUE  TITLE
261102-a1f7k  Closed  Amy  30 min  -    Work order prints without the part number
261105-b2g8m  Closed  Amy  17 d    -    Stock list shows a part twice
2 tickets; 1 open in the store (waiting for the customer: 0; for us: 1)
$ ticketctl show a1f7k
261102-a1f7k  Work order prints without the part number
Closed (closed)   aerosoft   customer jane@airline.example   assignee amy@support.example
environment: production
release: 2026.3.1
team: development

2026-11-02 09:05  jane (customer)   created as Open; notified Amy
    Since the last package the part number is missing from every printed work order.
2026-11-02 09:20  Amy (agent)   assignee amy@support.example; Open -> Ticket Assigned by rule
                  assigned
2026-11-02 09:20  Amy (agent)   Ticket Assigned -> Investigation Underway
  # It prints well in version 8.1, and not in 8.2.
2026-11-02 09:20  Amy (agent)   Investigation Underway -> Waiting for Customer Response; notified
                  jane
    Which printer driver do you use?
2026-11-02 14:00  Amy (agent, by phone) for jane   replied
    The PDF driver, version 3.
2026-11-02 14:00  Amy (agent)   note
  # The same driver is on our test server.
2026-11-02 14:00  Amy (agent)   environment production, due 2026-11-20
2026-11-02 14:00  Amy (agent)   Waiting for Customer Response -> Send to Development; notified Dan
  # Reproduced with the PDF driver 3.
2026-11-03 08:30  Dan (developer)   Send to Development -> Backlog   team development, due cleared
2026-11-04 08:30  Dan (developer)   Backlog -> Development in Progress
2026-11-04 08:30  Dan (developer)   Development in Progress -> Blocked
  # The vendor of the PDF driver has to publish a fix.
2026-11-04 08:30  Dan (developer)   Blocked -> Development in Progress
2026-11-05 15:00  Dan (developer)   Development in Progress -> Testing and Verification   release
                  2026.3; notified Quinn
2026-11-05 16:00  Quinn (qa)   Testing and Verification -> Done Awaiting Release
  # Printed 40 work orders.
2026-11-06 09:00  Amy (agent)   Done Awaiting Release -> Release Delivered; notified jane
    The package 2026.3 is on your server.
2026-11-06 10:00  jane (customer)   Release Delivered -> Solution Rejected   release cleared;
                  notified Amy
    The part number is there, but cut off after 8 characters.
2026-11-06 11:00  Amy (agent)   Solution Rejected -> Send to Development; notified Dan
  # The field is too narrow for long part numbers.
2026-11-09 08:00  Dan (developer)   Send to Development -> Development in Progress
2026-11-09 08:00  Dan (developer)   Development in Progress -> Testing and Verification; notified
                  Quinn
  # The field grows with its content.
2026-11-10 08:00  Quinn (qa)   Testing and Verification -> Done Awaiting Release
2026-11-11 09:00  Amy (agent)   Done Awaiting Release -> Release Delivered   release 2026.3.1;
                  notified jane
2026-11-12 09:00  Amy (agent)   Release Delivered -> Resolved; notified jane
    2026.3.1 prints the whole part number.
2026-11-13 17:00  jane (customer)   replied; notified Amy
    Must we print the old work orders again?
2026-11-16 09:00  Amy (agent)   replied; notified jane
    No. Only those that you still need on paper.
2026-11-23 09:30  rule close-resolved   Resolved -> Closed   (due 2026-11-23 09:00); notified jane
$ ticketctl log b2g8m
2026-11-05 16:10  Amy (agent)   created as Open   customer omar@hangar.example, assignee
                  amy@support.example; Open -> Ticket Assigned by rule assigned
2026-11-05 16:10  Amy (agent)   Ticket Assigned -> Investigation Underway
2026-11-05 16:10  Amy (agent)   Investigation Underway -> Send to Development; notified Dan
2026-11-05 16:10  Amy (agent)   Send to Development -> Development in Progress
2026-11-05 16:10  Amy (agent)   Development in Progress -> Testing and Verification; notified Quinn
2026-11-05 16:10  Amy (agent)   Testing and Verification -> Done Awaiting Release
2026-11-06 09:00  Amy (agent)   Done Awaiting Release -> Release Delivered   release 2026.3;
                  notified omar
    The package 2026.3 is on your server.
2026-11-06 09:00  Amy (agent, by phone) for omar   Release Delivered -> Closed
  # He is content.
$ git log --format=%s
sweep: 1 ticket
a1f7k: reply (amy@support.example)
a1f7k: reply (jane@airline.example)
a1f7k: Release Delivered -> Resolved (amy@support.example)
release 2026.3.1: 1 ticket
a1f7k: Testing and Verification -> Done Awaiting Release (quinn@dev.example)
a1f7k: Development in Progress -> Testing and Verification (dan@dev.example)
a1f7k: Send to Development -> Development in Progress (dan@dev.example)
a1f7k: Solution Rejected -> Send to Development (amy@support.example)
a1f7k: Release Delivered -> Solution Rejected (jane@airline.example)
b2g8m: Release Delivered -> Closed (amy@support.example for omar@hangar.example)
release 2026.3: 2 tickets
c3h9n: release (amy@support.example)
b2g8m: Testing and Verification -> Done Awaiting Release (amy@support.example)
2 tickets: Development in Progress -> Testing and Verification (amy@support.example)
2 tickets: Send to Development -> Development in Progress (amy@support.example)
2 tickets: Investigation Underway -> Send to Development (amy@support.example)
2 tickets: Ticket Assigned -> Investigation Underway (amy@support.example)
c3h9n: new, Ticket Assigned (amy@support.example)
b2g8m: new, Ticket Assigned (amy@support.example)
a1f7k: Testing and Verification -> Done Awaiting Release (quinn@dev.example)
a1f7k: Development in Progress -> Testing and Verification (dan@dev.example)
a1f7k: Blocked -> Development in Progress (dan@dev.example)
a1f7k: Development in Progress -> Blocked (dan@dev.example)
a1f7k: Backlog -> Development in Progress (dan@dev.example)
a1f7k: Send to Development -> Backlog (dan@dev.example)
a1f7k: Waiting for Customer Response -> Send to Development (amy@support.example)
a1f7k: environment, due (amy@support.example)
a1f7k: note (amy@support.example)
a1f7k: reply (amy@support.example for jane@airline.example)
a1f7k: Investigation Underway -> Waiting for Customer Response (amy@support.example)
a1f7k: Ticket Assigned -> Investigation Underway (amy@support.example)
a1f7k: Open -> Ticket Assigned (amy@support.example)
a1f7k: new, Open (jane@airline.example)
A ticket store
$ ticketctl check
0 problems in 3 tickets
