# Assima: one ticket from the report, by way of support, development and two checks, to its closing 30 days after it was Verified.
@ 2026-11-02T09:00 -
$ ticketctl init --profile assima
made a ticket store
made a git repository; every command commits what it changes (commit: auto)
next: ticketctl new "It does not work" -c jane@customer.example
$ printf '%s\n' 'people:' '  sam@support.example: {name: Sam, roles: [support]}' '  sue@support.example: {name: Sue, roles: [support]}' '  dev@dev.example: {name: Dee, roles: [developer]}' >> ticketctl.yaml

# S1: a customer reports; the people in charge are told.
@ 2026-11-02T09:05 customer:jane@training.example
$ ticketctl new "Course cannot be published" -d "Publishing stops at 80 percent with error 17." --id 261102-w1z4d
261102-w1z4d

# S2, X2: assigning is support's, and takes an assignee. Both reasons are told.
$ ticketctl move w1z4d Assigned
refused  w1z4d  New -> Assigned: Course cannot be published
  - only support may move New -> Assigned, not customer
  - name the employee who works on it (-a WHO)
  "People in charge of Assima Support Center will be notified of this new ticket and they will
  assign it to one of Assima's employees."   (assima, S2)
  open to you now (customer): nothing else, but you can add a message (reply)
? 1

# S2: a developer gets a ticket only if it is a defect, and only once it was reproduced.
@ 2026-11-02T09:20 support:sam@support.example
$ ticketctl list
ID            STATUS  WHO  AGE     DUE  TITLE
261102-w1z4d  New     -    15 min  -    Course cannot be published
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)
$ ticketctl next w1z4d
w1z4d is New. As Sam (support) you can change it to:
  Assigned    People in charge of Assima Support Center will be notified of this new ticket and they
              will assign it to one of Assima's employees.
              - name the employee who works on it (-a WHO)
  Postponed   The "Postponed" status is used in few circumstances where the ticket can not be set as
              "Closed" and can neither be considered as open.
              - give the reason for postponing it (-m NOTE)
$ ticketctl move w1z4d Assigned -a dev@dev.example
refused  w1z4d  New -> Assigned: Course cannot be published
  - a developer gets a ticket only if it is a defect (--set kind=defect)
  - a developer gets a ticket only once it was reproduced (--set reproduced=true)
  "People in charge of Assima Support Center will be notified of this new ticket and they will
  assign it to one of Assima's employees."   (assima, S2)
  open to you now (support): Postponed
hint: the same with --set kind=defect --set reproduced=true
? 1
$ ticketctl assign w1z4d dev@dev.example
refused  w1z4d  New: Course cannot be published
  - a developer gets a ticket only if it is a defect that was reproduced: assign a member of
    support, or first ticketctl set 261102-w1z4d kind=defect reproduced=true
? 1

# S10: Postponed takes a reason, and is neither open nor on its way to Closed.
$ ticketctl move w1z4d Postponed
refused  w1z4d  New -> Postponed: Course cannot be published
  - give the reason for postponing it (-m NOTE)
  "The 'Postponed' status is used in few circumstances where the ticket can not be set as 'Closed'
  and can neither be considered as open."   (assima, S10, S12)
  open to you now (support): Assigned
hint: ticketctl move w1z4d Postponed -m NOTE
? 1
$ ticketctl move w1z4d Postponed -m "It appeared once, and could not be reproduced."
w1z4d: New -> Postponed
$ ticketctl move w1z4d Closed
refused  w1z4d  Postponed -> Closed: Course cannot be published
  - from Postponed you can go to Assigned, not to Closed
  the way there: Postponed -> Assigned (support) -> QA Pending (support or developer) -> Verified
    (support) -> Closed (customer)
  open to you now (support): Assigned
hint: ticketctl move w1z4d Assigned
? 1
$ ticketctl list --open
no tickets match
$ ticketctl list
ID            STATUS     WHO  AGE  DUE  TITLE
261102-w1z4d  Postponed  -    0 s  -    Course cannot be published
1 ticket; 0 open in the store

# S2: messages move nothing; support is told. What the customer says by telephone is recorded for her.
@ 2026-11-03T10:00 customer:jane@training.example
$ ticketctl reply w1z4d -m "It happens again, with every course that holds a video."
w1z4d: reply added     sam@support.example, sue@support.example will be notified
@ 2026-11-03T10:30 support:sam@support.example
$ ticketctl reply w1z4d --for jane@training.example --via phone -m "Only with videos larger than 2 GB."
w1z4d: reply added     sue@support.example will be notified
$ ticketctl note w1z4d -m "We have such a video: training-3.mp4."
w1z4d: note added

# S10, S2: it goes on, assigned to support. Once reproduced it is given to a developer; the status stays.
$ ticketctl move w1z4d Assigned -a @me
w1z4d: Postponed -> Assigned
$ ticketctl set w1z4d kind=defect reproduced=true -m "Reproduced with a video of 3 GB."
w1z4d: kind defect, reproduced true, note added
$ ticketctl assign w1z4d dev@dev.example
w1z4d: assignee dev@dev.example     dev@dev.example will be notified

# S3: a correction names the build that provides it. S4: then the assignee is taken off, and support is told.
@ 2026-11-04T15:00 developer:dev@dev.example
$ ticketctl next w1z4d
w1z4d is Assigned. As Dee (developer) you can change it to:
  QA Pending   When the ticket is answered or the problem is corrected, it will be marked as "QA
               Pending".
others: Postponed by support
$ ticketctl move w1z4d "QA Pending" --set correction=true
refused  w1z4d  Assigned -> QA Pending: Course cannot be published
  - name the build that will provide the correction (--set fix_build=BUILD)
  "When the ticket is answered or the problem is corrected, it will be marked as 'QA Pending'."
  (assima, S3, S4)
  open to you now (developer): nothing else, but you can add a message (reply)
hint: the same with --set fix_build=BUILD
? 1
$ ticketctl move w1z4d "QA Pending" --set correction=true --set fix_build=8.2.117 -m "Sizes are counted with 64 bits."
w1z4d: Assigned -> QA Pending     sam@support.example, sue@support.example will be notified

# S4, S5: only support checks, and only an assigned ticket is Verified. Both reasons are told.
$ ticketctl move w1z4d Verified
refused  w1z4d  QA Pending -> Verified: Course cannot be published
  - only support may move QA Pending -> Verified, not developer
  - name the member of support who checked it on the release version (-a WHO)
  "When the verification is complete, the ticket is marked as 'Verified'"   (assima, S4, S5)
  open to you now (developer): nothing else, but you can add a message (reply)
? 1
@ 2026-11-04T16:00 support:sam@support.example
$ ticketctl list -s qa-pending --columns id,status,who,correction,fix_build,title
ID            STATUS         WHO  CORRECTION  FIX_BUILD  TITLE
261102-w1z4d  QA Pending  !  -    yes         8.2.117    Course cannot be published
1 ticket; 1 open in the store (waiting for the customer: 0; for us: 1)
$ ticketctl log w1z4d
2026-11-02 09:05  jane (customer)   created as New; notified Sam, Sue
    Publishing stops at 80 percent with error 17.
2026-11-02 09:20  Sam (support)   New -> Postponed
  # It appeared once, and could not be reproduced.
2026-11-03 10:00  jane (customer)   replied; notified Sam, Sue
    It happens again, with every course that holds a video.
2026-11-03 10:30  Sam (support, by phone) for jane   replied; notified Sue
    Only with videos larger than 2 GB.
2026-11-03 10:30  Sam (support)   note
  # We have such a video: training-3.mp4.
2026-11-03 10:30  Sam (support)   Postponed -> Assigned   assignee sam@support.example
2026-11-03 10:30  Sam (support)   note   kind defect, reproduced true
  # Reproduced with a video of 3 GB.
2026-11-03 10:30  Sam (support)   assignee dev@dev.example; notified Dee
2026-11-04 15:00  Dee (developer)   Assigned -> QA Pending   correction true, fix_build 8.2.117,
                  assignee cleared; notified Sam, Sue
  # Sizes are counted with 64 bits.
$ ticketctl assign w1z4d dev@dev.example
refused  w1z4d  QA Pending: Course cannot be published
  - only a member of support checks a ticket; assign one (-a WHO)
? 1
$ ticketctl assign w1z4d sue@support.example
w1z4d: assignee sue@support.example     sue@support.example will be notified

# S6: the check fails; the note says what it found, and the build is no longer promised.
@ 2026-11-05T09:00 support:sue@support.example
$ ticketctl move w1z4d Assigned
refused  w1z4d  QA Pending -> Assigned: Course cannot be published
  - say what the check found (-m NOTE)
  open to you now (support): Verified
hint: ticketctl move w1z4d Assigned -m NOTE
? 1
$ ticketctl move w1z4d Assigned -a dev@dev.example -m "Build 8.2.117 publishes the video without sound."
w1z4d: QA Pending -> Assigned     dev@dev.example will be notified
@ 2026-11-05T15:00 developer:dev@dev.example
$ ticketctl move w1z4d qa-pending --set fix_build=8.2.118
w1z4d: Assigned -> QA Pending     sam@support.example, sue@support.example will be notified

# S5: Verified; the customer is told, with the build.
@ 2026-11-06T09:00 support:sue@support.example
$ ticketctl move w1z4d Verified -a @me --reply "Build 8.2.118 publishes large videos, with sound."
w1z4d: QA Pending -> Verified
       jane@training.example will be notified; closes by itself in 30 d (2026-12-06 09:00)

# S7: closing and reopening are the customer's alone; nobody acts for her. Reopening says why.
$ ticketctl move w1z4d Closed
refused  w1z4d  Verified -> Closed: Course cannot be published
  - only customer may move Verified -> Closed, not support
  "It is the customer's responsibility to check that the ticket is properly resolved and then mark
  it as 'Closed'."   (assima, S7, S8, S12)
  open to you now (support): nothing else, but you can add a message (reply)
? 1
$ ticketctl move w1z4d Closed --for jane@training.example
refused  w1z4d  Verified -> Closed: Course cannot be published
  - only customer may move Verified -> Closed, and nobody may do so for the customer
  "It is the customer's responsibility to check that the ticket is properly resolved and then mark
  it as 'Closed'."   (assima, S7, S8, S12)
  open to you now (support): nothing else, but you can add a message (reply)
? 1
@ 2026-11-06T11:00 customer:jane@training.example
$ ticketctl next w1z4d
w1z4d is Verified. As jane (customer) you can change it to:
  Closed     It is the customer's responsibility to check that the ticket is properly resolved and
             then mark it as "Closed".
  Reopened   If the customer considers the ticket is not resolved, then he or she can change the
             status to "Reopened".
             - say what is not resolved (--reply TEXT)
next rule: closes by itself in 29 d 22 h (2026-12-06 09:00)
$ ticketctl move w1z4d Reopened
refused  w1z4d  Verified -> Reopened: Course cannot be published
  - say what is not resolved (--reply TEXT)
  "If the customer considers the ticket is not resolved, then he or she can change the status to
  'Reopened'."   (assima, S7, S12)
  open to you now (customer): Closed
hint: ticketctl move w1z4d Reopened --reply TEXT
? 1
$ ticketctl move w1z4d Reopened --reply "It publishes, but the subtitles are gone."
w1z4d: Verified -> Reopened     sue@support.example will be notified

# S2, S3: assigned again, answered without a correction, and checked. S9: the old build is no longer promised.
@ 2026-11-09T09:00 support:sam@support.example
$ ticketctl move w1z4d "QA Pending"
refused  w1z4d  Reopened -> QA Pending: Course cannot be published
  - from Reopened you can go to Assigned or Postponed, not to QA Pending
  the way there: Reopened -> Assigned (support) -> QA Pending (support or developer)
  open to you now (support): Assigned, Postponed
hint: ticketctl move w1z4d Assigned
? 1
$ ticketctl assign w1z4d @me -m "Subtitles are a setting of the export."
w1z4d: Reopened -> Assigned
$ ticketctl move w1z4d "QA Pending" --reply "Please tick 'Subtitles' in the export dialog."
w1z4d: Assigned -> QA Pending     sue@support.example, jane@training.example will be notified
@ 2026-11-09T15:00 support:sue@support.example
$ ticketctl move w1z4d Verified -a @me
w1z4d: QA Pending -> Verified
       jane@training.example will be notified; closes by itself in 30 d (2026-12-09 15:00)
$ ticketctl list --due
ID            STATUS    WHO  AGE  DUE   TITLE
261102-w1z4d  Verified  Sue  0 s  30 d  Course cannot be published
1 ticket; 0 open in the store

# S8: a customer's message stops the 30 days; the next public message by staff starts them anew.
@ 2026-11-10T10:00 customer:jane@training.example
$ ticketctl reply w1z4d -m "Can this be ticked for all courses at once?"
w1z4d: reply added     sue@support.example will be notified; its timer is stopped
@ 2026-11-10T10:05 support:sue@support.example
$ ticketctl list --due
no tickets match
$ ticketctl reply w1z4d -m "Yes: in the settings of the project."
w1z4d: reply added
       jane@training.example will be notified; closes by itself in 30 d (2026-12-10 10:05)
@ 2026-12-09T15:30 -
$ ticketctl sweep
@ 2026-12-10T10:30 -
$ ticketctl sweep -n
would close  w1z4d  Verified -> Closed, notified jane@training.example   due 25 min ago
             assima close-verified (S8)
1 ticket, nothing written
$ ticketctl sweep
closed  w1z4d  Verified -> Closed, notified jane@training.example   due 25 min ago
        assima close-verified (S8)
1 ticket
$ ticketctl sweep

# S11: closed tickets are hidden, and one filter away.
@ 2026-12-11T09:00 customer:jane@training.example
$ ticketctl list -c @me
no tickets match
$ ticketctl list -c @me --closed
ID            STATUS  WHO  AGE   DUE  TITLE
261102-w1z4d  Closed  Sue  22 h  -    Course cannot be published
1 ticket; 0 open in the store

# X1: the whole story.
@ 2026-12-11T10:00 support:sam@support.example
$ ticketctl show w1z4d
261102-w1z4d  Course cannot be published
Closed (closed)   assima   customer jane@training.example   assignee sue@support.example
kind: defect
reproduced: true

2026-11-02 09:05  jane (customer)   created as New; notified Sam, Sue
    Publishing stops at 80 percent with error 17.
2026-11-02 09:20  Sam (support)   New -> Postponed
  # It appeared once, and could not be reproduced.
2026-11-03 10:00  jane (customer)   replied; notified Sam, Sue
    It happens again, with every course that holds a video.
2026-11-03 10:30  Sam (support, by phone) for jane   replied; notified Sue
    Only with videos larger than 2 GB.
2026-11-03 10:30  Sam (support)   note
  # We have such a video: training-3.mp4.
2026-11-03 10:30  Sam (support)   Postponed -> Assigned   assignee sam@support.example
2026-11-03 10:30  Sam (support)   note   kind defect, reproduced true
  # Reproduced with a video of 3 GB.
2026-11-03 10:30  Sam (support)   assignee dev@dev.example; notified Dee
2026-11-04 15:00  Dee (developer)   Assigned -> QA Pending   correction true, fix_build 8.2.117,
                  assignee cleared; notified Sam, Sue
  # Sizes are counted with 64 bits.
2026-11-04 16:00  Sam (support)   assignee sue@support.example; notified Sue
2026-11-05 09:00  Sue (support)   QA Pending -> Assigned   assignee dev@dev.example, fix_build
                  cleared; notified Dee
  # Build 8.2.117 publishes the video without sound.
2026-11-05 15:00  Dee (developer)   Assigned -> QA Pending   fix_build 8.2.118, assignee cleared;
                  notified Sam, Sue
2026-11-06 09:00  Sue (support)   QA Pending -> Verified   assignee sue@support.example; notified
                  jane
    Build 8.2.118 publishes large videos, with sound.
2026-11-06 11:00  jane (customer)   Verified -> Reopened   fix_build cleared, correction cleared;
                  notified Sue
    It publishes, but the subtitles are gone.
2026-11-09 09:00  Sam (support)   note   assignee sam@support.example; Reopened -> Assigned by rule
                  assigned
  # Subtitles are a setting of the export.
2026-11-09 09:00  Sam (support)   Assigned -> QA Pending   assignee cleared; notified Sue, jane
    Please tick 'Subtitles' in the export dialog.
2026-11-09 15:00  Sue (support)   QA Pending -> Verified   assignee sue@support.example; notified
                  jane
2026-11-10 10:00  jane (customer)   replied; notified Sue
    Can this be ticked for all courses at once?
2026-11-10 10:05  Sue (support)   replied; notified jane
    Yes: in the settings of the project.
2026-12-10 10:30  rule close-verified   Verified -> Closed   (due 2026-12-10 10:05); notified jane
  # Closed for the Assima Support Center: still Verified 30 days later.
$ git log --format=%s
sweep: 1 ticket
w1z4d: reply (sue@support.example)
w1z4d: reply (jane@training.example)
w1z4d: QA Pending -> Verified (sue@support.example)
w1z4d: Assigned -> QA Pending (sam@support.example)
w1z4d: Reopened -> Assigned (sam@support.example)
w1z4d: Verified -> Reopened (jane@training.example)
w1z4d: QA Pending -> Verified (sue@support.example)
w1z4d: Assigned -> QA Pending (dev@dev.example)
w1z4d: QA Pending -> Assigned (sue@support.example)
w1z4d: assignee (sam@support.example)
w1z4d: Assigned -> QA Pending (dev@dev.example)
w1z4d: assignee (sam@support.example)
w1z4d: kind, reproduced, note (sam@support.example)
w1z4d: Postponed -> Assigned (sam@support.example)
w1z4d: note (sam@support.example)
w1z4d: reply (sam@support.example for jane@training.example)
w1z4d: reply (jane@training.example)
w1z4d: New -> Postponed (sam@support.example)
w1z4d: new, New (jane@training.example)
A ticket store
$ ticketctl check
0 problems in 1 ticket
