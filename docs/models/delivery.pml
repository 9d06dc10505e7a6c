/*
 * Delivery between two sides over a line that is cut: acks, windows, rekey, resume, goodbye (protocol.md sections 5 and 7,
 * scaled down). What a block stands for in the code is in README.md. Configurations and the faults that must be found are
 * in check.mjs. No timer is in here: what a timer does may happen at any moment.
 *
 * EVENT(...) stands where something happens that the code can be seen doing. The search makes nothing of it. With
 * -DTRACE it lets pass only what a recorded run did next (trace.h): a run is accepted when the model can do all of it.
 */
#ifndef TEXTS
#define TEXTS 1          /* messages of each side */
#endif
#ifndef CUTS
#define CUTS 1           /* how often the line breaks */
#endif
#ifndef DROPS
#define DROPS 0          /* frames that the relay loses without breaking the line */
#endif
#ifndef REKEYS
#define REKEYS 1         /* offers beside those after a resume */
#endif
#ifndef LEAVERS
#define LEAVERS 1        /* 1: A says goodbye, 3: both do */
#endif
#ifdef TRACE
#include "trace.h"
#else
#define SCALE(real, small) small
#define TEXTS_OF(me) TEXTS
#define WITH(bits) true
#define WITHOUT(bits) true
#define NEXT(what) true
#define EVENT(what, a, b, c, d)
#define READ
#define WHOLE
#endif
/* What the world does, and people: with -DTELL a run of spin says it, and the code is put through the same. */
#ifdef TELL
#define SAY(what, who) printf(what, who);
#else
#define SAY(what, who)
#endif
#ifndef OTHERS
#define OTHERS 0         /* frames of each side with records that only ask for an ack: pings, receipts, names */
#endif
#ifndef GIVEUPS
#define GIVEUPS 0        /* sides that leave while the line is down, whatever they still hold */
#endif
#define WINDOW SCALE(256, 2)      /* un-acked text frames */
#define CONTROL SCALE(320, 4)     /* un-acked frames of any kind */
#define ACK_FRAMES SCALE(32, 3)   /* frames opened since one was sealed */
#define QUEUE SCALE(60, 12)       /* on the way in one direction */
#define SEQS SCALE(120, 14)       /* more than any run seals */
#define A 0
#define B 1
#define NONE 255

/* What is in a frame; nothing: a bare ack. The last two are no frames. */
#define ACK 0
#define TEXT 1
#define OTHER_RECORD 2
#define OFFER 4
#define ANSWER 8
#define BYE 16
#define BYEACK 32
#define RESUME1 64
#define RESUME2 65
/* What can be seen of a side, beside frames: E_SEAL, E_OPEN. */
#define E_SEAL 1
#define E_OPEN 2
#define E_DOWN 3         /* the line is lost: reconnecting */
#define E_HELLO 4        /* resume-1 is sealed */
#define E_ANSWER 5       /* resume-2 is sealed, the peer's resume-1 was opened */
#define E_UP 6           /* the peer's resume-2 is opened */
#define E_END 7
mtype = { S_active, S_reconnecting, S_closing, S_destroyed };
/* The line of a side: no pairing, resume-1 sent, resume-1 of the peer seen as well, proven. */
mtype = { down, asked, answered, up };

typedef Side {
  mtype state = S_active;
  mtype line = up;
  byte pairing = 0;         /* which pairing this side believes in */
  byte next = 0;            /* own next seq */
  byte expected = 0;        /* seq that is opened next */
  byte acked = 0;           /* lowest un-acked own seq */
  byte sending = 0;         /* epoch */
  byte receiving = 0;       /* epoch; for B that of `before` while it is kept */
  bool before = false;      /* B: the answer is sealed, no frame of e+1 has opened */
  bool offerOut = false;    /* A */
  bool offered = false;     /* B: an offer waits for its answer */
  byte owed = 0;            /* A: rekeys after a resume */
  bool ackOwed = false;
  byte opened = 0;          /* frames opened since one was sealed */
  byte said = 0;            /* texts sealed */
  byte texts = 0;           /* of them not acked */
  byte others = 0;          /* frames with other records sealed */
  byte shown = 0;           /* texts of the peer that were shown */
  bool byeOut = false;
  bool peerBye = false;
  bool answer = false;      /* bye-ack owed */
  byte frozen = NONE;       /* after the goodbye nothing more is acked */
  byte lost = 0             /* told at the end as not delivered */
};
#ifdef TRACE
typedef Log { byte kind[SEQS]; byte epoch[SEQS]; byte ack[SEQS] };
#define LOG_ACK log[me].ack[s[me].next] = ACKNOW;
#define OLD_ACK log[me].ack[i]
#else
/* Sent again, a frame has its old ack, which says less than the proof that came before it: the new one says as much. */
typedef Log { byte kind[SEQS]; byte epoch[SEQS] };
#define LOG_ACK
#define OLD_ACK ACKNOW
#endif

Side s[2];
Log log[2];
byte pairing = 0;
byte cuts = 0, drops = 0, rekeys = 0, giveups = 0;
/* kind, seq, epoch (or position), ack, pairing */
chan net[2] = [QUEUE] of { byte, byte, byte, byte, byte };

#define OTHER (1 - me)
#define ACKNOW (s[me].frozen == NONE -> s[me].expected : s[me].frozen)
#define UNACKED (s[me].next - s[me].acked)
#define CAN_SEAL (s[me].line == up && s[me].state != S_destroyed && s[me].next < SEQS)
#define CAN_CONTROL (CAN_SEAL && UNACKED < CONTROL)
#ifdef BREAK_WINDOW
#define TEXT_ROOM (UNACKED < WINDOW)
#else
#define TEXT_ROOM (s[me].texts < WINDOW)
#endif
#define MOVE(from, to) assert(s[me].state == from); s[me].state = to

/* What goes to a pairing that is no more is lost. */
#define PUT(what, number, under, upto) \
  if \
  :: s[me].pairing == pairing -> assert(len(net[OTHER]) < QUEUE); net[OTHER]!what, number, under, upto, pairing \
  :: else -> skip \
  fi

/* seal: one frame in the sending epoch, kept until it is acked. */
inline seal(k) {
  EVENT(E_SEAL, k, s[me].next, s[me].sending, ACKNOW)
  log[me].kind[s[me].next] = k;
  log[me].epoch[s[me].next] = s[me].sending;
  LOG_ACK
  s[me].ackOwed = false; s[me].opened = 0;
  PUT(k, s[me].next, s[me].sending, ACKNOW);
  s[me].next++
}

inline conclude() {
  if :: s[me].frozen == NONE -> s[me].frozen = s[me].expected :: else -> skip fi
}

#define CAN_TEXT (CAN_SEAL && s[me].state == S_active && s[me].said < TEXTS_OF(me) && TEXT_ROOM && !s[me].byeOut && \
  !s[me].peerBye && WITH(TEXT))
#define CAN_OFFER (CAN_CONTROL && me == A && !s[me].offerOut && s[me].frozen == NONE && \
  (s[me].owed > 0 || rekeys < REKEYS) && WITH(OFFER))
#define CAN_ANSWER (CAN_CONTROL && me == B && s[me].offered && WITH(ANSWER))
#define CAN_OTHER (CAN_CONTROL && s[me].others < OTHERS && WITH(OTHER_RECORD))

/* A step of a rekey, or another record, goes along or waits for a frame of its own. */
inline add(extra, allowed) {
  if
  :: allowed -> k = k | extra
  :: WITHOUT(extra) -> skip
  fi
}

/* The frame that was put together in k. */
inline sealed() {
  if :: k & TEXT -> SAY("text %d\n", me) s[me].said++; s[me].texts++ :: else -> skip fi;
  if :: k & OTHER_RECORD -> s[me].others++ :: else -> skip fi;
  if
  :: k & OFFER ->
     SAY("rekey %d\n", me)
     if :: s[me].owed == 0 -> rekeys++ :: else -> skip fi;
     s[me].offerOut = true
  :: else -> skip
  fi;
  seal(k);
  /* The answer is the last frame of its epoch. */
  if
  :: k & ANSWER -> s[me].offered = false; s[me].before = true; s[me].sending++
  :: else -> skip
  fi;
  k = ACK
}

/* The peer expects `a` next. Above what was sent is a protocol error. */
inline acknowledge(a) {
  assert(a <= s[me].next);
  do
  :: s[me].acked < a ->
     if :: log[me].kind[s[me].acked] & TEXT -> s[me].texts-- :: else -> skip fi;
     s[me].acked++
  :: else -> break
  od
}

inline finish() {
#ifdef BREAK_TOLD
  s[me].lost = TEXTS_OF(me) - s[me].said;
#else
  s[me].lost = TEXTS_OF(me) - s[me].said + s[me].texts;
#endif
  /* Nothing is told as delivered that was not shown. */
  assert(TEXTS_OF(me) - s[OTHER].shown <= s[me].lost);
  /* Nothing is shown twice. */
  assert(s[OTHER].shown <= s[me].said);
  EVENT(E_END, (s[me].lost > 0), 0, 0, 0)
  s[me].state = S_destroyed; s[me].line = down; s[me].pairing = NONE;
  pairing++
}

inline interrupted() {
  if
  :: s[me].line == up ->
     EVENT(E_DOWN, 0, 0, 0, 0)
     if
     :: s[me].state == S_active -> MOVE(S_active, S_reconnecting)
     :: s[me].state == S_closing -> MOVE(S_closing, S_reconnecting)
     fi
  :: else -> skip
  fi;
  s[me].line = down; s[me].pairing = NONE
}

/* resync: a frame cannot be the next one. */
inline resync() { interrupted(); pairing++ }

/* channel.receive and ratchet.open */
inline open(what, number, under, upto) {
  if
#ifdef BREAK_DUPLICATE
  :: number < s[me].expected -> if :: what & TEXT -> s[me].shown++ :: else -> skip fi
#else
  :: number < s[me].expected -> skip
#endif
  :: number > s[me].expected -> resync()
  :: else ->
     EVENT(E_OPEN, what, number, under, upto)
     /* No frame opens under a wrong key: the receiver holds the epoch of the next frame, always. */
     assert(under == s[me].receiving || (me == B && s[me].before && under == s[me].sending));
     if
#ifdef BREAK_BEFORE
     :: me == B && s[me].before -> s[me].before = false; s[me].receiving = s[me].sending
#else
     :: me == B && s[me].before && under == s[me].sending -> s[me].before = false; s[me].receiving = s[me].sending
#endif
     :: else -> skip
     fi;
     acknowledge(upto);
     s[me].expected++;
     s[me].opened++;
     if :: what != ACK || s[me].opened >= ACK_FRAMES -> s[me].ackOwed = true :: else -> skip fi;
     if
     :: what & TEXT ->
        /* After the own goodbye nothing is shown; each once and in order is what `expected` gives. */
        if :: !s[me].byeOut -> s[me].shown++ :: else -> skip fi;
        assert(s[me].shown <= s[OTHER].said)
     :: else -> skip
     fi;
     if
     :: what & OFFER -> assert(me == B && !s[me].before && !s[me].offered); s[me].offered = true
     :: what & ANSWER -> assert(me == A && s[me].offerOut);
        s[me].offerOut = false; s[me].sending++; s[me].receiving++;
        if :: s[me].owed > 0 -> s[me].owed-- :: else -> skip fi
     :: what & BYE -> s[me].peerBye = true; s[me].answer = true
     :: what & BYEACK -> assert(s[me].byeOut); finish()
     :: else -> skip
     fi
  fi
}

/* channel.resume: what the peer has not opened is sent again, byte for byte, also across an epoch. */
inline resumed(peerExpected, peerNext) {
  EVENT(E_UP, 0, peerExpected, peerNext, 0)
  assert(peerExpected >= s[me].acked && peerExpected <= s[me].next);
  acknowledge(peerExpected);
  s[me].line = up;
  if
  :: s[me].byeOut || s[me].peerBye -> MOVE(S_reconnecting, S_closing)
  :: else -> MOVE(S_reconnecting, S_active)
  fi;
  s[me].ackOwed = false; s[me].opened = 0;
  if
  :: me == A -> s[me].owed = (s[me].offerOut -> 2 : 1)
  :: else -> skip
  fi;
#ifdef BREAK_RETRANSMIT
  i = s[me].next;
#elif defined(BREAK_DUPLICATE)
  i = 0;
#else
  i = s[me].acked;
#endif
  do
  :: i < s[me].next -> PUT(log[me].kind[i], i, log[me].epoch[i], OLD_ACK); i++
  :: else -> break
  od;
  i = 0
}

#ifdef BREAK_PROOF
#define HOLDS_PROOF false
#else
#define HOLDS_PROOF s[me].before
#endif
/* resume.ts: B may be one epoch ahead and still holds RS_e then. */
inline checkEpochs(theirs) {
  if
  :: me == A -> assert(theirs == s[me].sending || theirs == s[me].sending + 1)
  :: else -> assert(s[me].sending == theirs || (s[me].sending == theirs + 1 && HOLDS_PROOF))
  fi
}

proctype Party(byte me) {
  byte seq, ep, ack, at, i;
  byte k;
  do
  /* -- up: what may be sealed */
  :: atomic { CAN_TEXT -> k = TEXT; add(OTHER_RECORD, CAN_OTHER); add(OFFER, CAN_OFFER); add(ANSWER, CAN_ANSWER); sealed() }
  :: atomic { CAN_OFFER -> k = OFFER; add(OTHER_RECORD, CAN_OTHER); sealed() }
  :: atomic { CAN_ANSWER -> k = ANSWER; add(OTHER_RECORD, CAN_OTHER); sealed() }
  :: atomic { CAN_OTHER -> k = OTHER_RECORD; sealed() }
  :: atomic { CAN_CONTROL && s[me].ackOwed && s[me].frozen == NONE && NEXT(E_SEAL) -> seal(ACK) }
  /* The goodbye comes after all own text is acked. */
  :: atomic { CAN_CONTROL && s[me].state == S_active && !s[me].byeOut && !s[me].peerBye && ((LEAVERS >> me) & 1) &&
     s[me].said == TEXTS_OF(me) && s[me].texts == 0 && WITH(BYE) ->
     SAY("quit %d\n", me)
     seal(BYE); conclude(); s[me].byeOut = true; MOVE(S_active, S_closing) }
  :: atomic { CAN_CONTROL && s[me].answer && WITH(BYEACK) ->
     s[me].answer = false;
     seal(BYEACK); conclude();
     if :: s[me].state == S_active -> MOVE(S_active, S_closing) :: else -> MOVE(S_closing, S_closing) fi;
     /* Flushed, then wiped; who said goodbye too waits for the answer. */
     if :: !s[me].byeOut -> finish() :: else -> skip fi }
  /* -- what comes in */
  :: atomic { s[me].state != S_destroyed && s[me].line != down && len(net[me]) > 0 ->
     SAY("take %d\n", me)
     net[me]?k, seq, ep, ack, at;
     if
     :: at != s[me].pairing -> skip
     :: at == s[me].pairing && s[me].line == up && k < RESUME1 -> open(k, seq, ep, ack)
     :: at == s[me].pairing && s[me].line == asked && k == RESUME1 ->
        checkEpochs(ep);
        EVENT(E_ANSWER, 0, ACKNOW, s[me].next, 0)
        PUT(RESUME2, ACKNOW, s[me].next, 0);
        s[me].line = answered
     :: at == s[me].pairing && s[me].line == answered && k == RESUME2 ->
        assert(ep >= s[me].expected || s[me].frozen != NONE);
        resumed(seq, ep)
     /* Frames before the proof are neither opened nor answered. */
     :: else -> skip
     fi;
     seq = 0; ep = 0; ack = 0; at = 0; k = ACK; i = 0 }
  /* -- the line: lost is noticed late or soon; joined again with the peer a pairing is made */
  :: atomic { s[me].state != S_destroyed && s[me].line != down && s[me].pairing != pairing && (s[me].line != up || NEXT(E_DOWN)) -> interrupted() }
  :: atomic { s[me].state == S_reconnecting && s[me].line == down && s[me].pairing == pairing && NEXT(E_HELLO) ->
     EVENT(E_HELLO, 0, 0, s[me].sending, 0) s[me].line = asked; PUT(RESUME1, 0, s[me].sending, 0) }
  /* -- giving up: the goodbye is not answered, or nobody is there any more */
  :: atomic { s[me].state != S_destroyed && s[me].byeOut && NEXT(E_END) -> finish(); i = 0 }
  :: atomic { s[me].state == S_reconnecting && giveups < GIVEUPS && NEXT(E_END) -> giveups++; finish(); i = 0 }
  :: atomic { s[me].state == S_reconnecting && s[OTHER].state == S_destroyed && NEXT(E_END) -> finish(); i = 0 }
  :: s[me].state == S_destroyed -> break
  od
}

inline flush(x) {
  do
  :: len(net[x]) > 0 -> net[x]?_, _, _, _, _
  :: else -> break
  od
}

/* The network and the relay. */
proctype World() {
  do
  /* Everything under way is lost; who notices when is left open. */
  :: atomic { cuts < CUTS && s[A].pairing == pairing && s[B].pairing == pairing -> SAY("cut %d\n", 0) cuts++; pairing++; flush(A); flush(B) }
  :: atomic { drops < DROPS && len(net[A]) > 0 -> SAY("drop %d\n", A) drops++; net[A]?_, _, _, _, _ }
  :: atomic { drops < DROPS && len(net[B]) > 0 -> SAY("drop %d\n", B) drops++; net[B]?_, _, _, _, _ }
  /* A proof that is lost: PROOF_TIMEOUT. */
  :: atomic { DROPS > 0 && (s[A].line == asked || s[A].line == answered || s[B].line == asked || s[B].line == answered) &&
     len(net[A]) == 0 && len(net[B]) == 0 && s[A].pairing == pairing && s[B].pairing == pairing ->
     pairing++ }
  /* A frame that is lost and not followed by another: SILENCE_LIMIT. */
  :: atomic { DROPS > 0 && drops > 0 && s[A].line == up && s[B].line == up && len(net[A]) == 0 && len(net[B]) == 0 &&
     (s[A].expected < s[B].next || s[B].expected < s[A].next) && s[A].pairing == pairing && s[B].pairing == pairing ->
     pairing++ }
  /* Both have joined the resume room: one pairing, seen by both. */
  :: atomic { s[A].state == S_reconnecting && s[B].state == S_reconnecting && s[A].line == down && s[B].line == down &&
     s[A].pairing != pairing && s[B].pairing != pairing ->
     flush(A); flush(B); s[A].pairing = pairing; s[B].pairing = pairing }
  :: s[A].state == S_destroyed && s[B].state == S_destroyed -> break
  od
}

init {
  READ
  atomic { run Party(A); run Party(B); run World() };
  (_nr_pr == 1);
  /* At rest. Whoever was told of nothing lost has lost nothing (checked in finish as well). */
  assert(TEXTS_OF(A) - s[B].shown <= s[A].lost && TEXTS_OF(B) - s[A].shown <= s[B].lost);
  /* The epochs have not gone apart. */
  assert(s[B].sending == s[A].sending || s[B].sending == s[A].sending + 1);
  /* A recorded run is accepted here. */
  WHOLE
}
