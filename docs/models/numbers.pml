/* The channel, sections 5 to 7: numbers only in the head, a frame is opened where it stands or not at
   all, B tries also the first key of the next epoch while its answer is out, resync, resume with the sealed epoch (resume-1,
   resume-2), byte-identical retransmission, rekey begun by A, acks and the two windows.
   The relay: cuts, loses, doubles, reorders, delivers late into a new pairing.
   D data frames a side, R rekeys, MAXC cuts, MAXD losses, MAXU doublings, MAXO reorderings, MAXL late deliveries.
   Planted faults: BADDROP B drops its old chain when it answers; NOTRIAL B does not try the next epoch;
   NOSEQ no number in the AD;
   COMMIT the trial drops the old chain before the tag is known; LITERAL a frame before the proof is a gap.
   HONEST: with cuts and late deliveries alone nobody may raise the alarm of a gap. */
#ifndef D
#define D 1
#endif
#ifndef R
#define R 1
#endif
#ifndef W
#define W 2
#endif
#ifndef RES
#define RES 3
#endif
#ifndef T
#define T 2
#endif
#ifndef MAXC
#define MAXC 1
#endif
#ifndef MAXD
#define MAXD 0
#endif
#ifndef MAXU
#define MAXU 0
#endif
#ifndef MAXO
#define MAXO 0
#endif
#ifndef MAXL
#define MAXL 0
#endif
#define SEQ 16
#define DATA 0
#define OFFER 1
#define ANSWER 2
#define ACK 3
#define FRAME 1
#define R1 2
#define R2 3
typedef side { byte sE, rE, nxt, acked, exp, tx, nd, shown, since, ud, sidx, ridx, pn, pp; bool live, got1, needack, outst, answered, mustans; byte kind[SEQ]; byte ep[SEQ]; byte idx[SEQ]; byte ak[SEQ] };
side S[2];
chan q[2] = [6] of { byte, byte, byte, byte };   /* q[x]: written by x.  FRAME seq - -;  R1 n_X epoch -;  R2 n_own n_peer expected */
byte cuts, drops, dups, ords, lates, retried, resyncs, k, n, p, v, e, z, ii; bool opened;
byte rsE[2];                                      /* the lowest epoch whose RS the side still holds */
#ifdef NOSEQ
#define SEQOK true
#else
#define SEQOK (n == S[1].exp)
#endif
#define US(x) (S[x].nxt - S[x].acked)
#define DWIN(x) (S[x].ud < W)
#define CWIN(x) (US(x) < W + RES)
#define done (S[0].shown == D && S[1].shown == D && S[0].sE == R && S[0].rE == R && S[1].sE == R && S[1].rE == R)

inline flush(c) { do :: nempty(q[c]) -> q[c]?_,_,_,_ :: empty(q[c]) -> break od }
/* a pairing event: a fresh n_X, resume-1 once */
inline onpair(x) { S[x].live = 0; S[x].got1 = 0; S[x].pp = 0; S[x].pn = 1 + (S[x].pn % 3); q[x]!R1,S[x].pn,S[x].sE,0 }
inline cut() { flush(0); flush(1);
  assert(S[0].sE == S[1].sE || S[0].sE + 1 == S[1].sE);           /* they may differ by one, B ahead */
  assert(rsE[1] <= S[0].sE && rsE[0] <= S[0].sE);                  /* both hold RS_e of the lower */
  onpair(0); onpair(1) }
inline resync() { resyncs = 1; cut();
#ifdef HONEST
  assert(false)                                                     /* nobody lost, doubled or reordered anything: no alarm */
#endif
}
inline ackto(x,val) { do :: S[x].acked < val -> if :: S[x].kind[S[x].acked] == DATA -> S[x].ud-- :: else -> skip fi; S[x].acked++ :: else -> break od }
inline seal(x,K) { assert(S[x].nxt < SEQ); S[x].kind[S[x].nxt] = K; S[x].ep[S[x].nxt] = S[x].sE; S[x].idx[S[x].nxt] = S[x].sidx; S[x].ak[S[x].nxt] = S[x].exp;
  S[x].nxt++; S[x].sidx++; S[x].needack = 0; S[x].since = 0 }
/* records of an opened frame number n of side y at side x */
inline take(x,y) {
  S[x].exp++; S[x].since++; v = S[y].ak[n];
  assert(v <= S[x].nxt);
  if :: v > S[x].acked -> ackto(x,v); if :: S[x].tx < v -> S[x].tx = v :: else -> skip fi :: else -> skip fi;
  if
  :: S[y].kind[n] == DATA -> S[x].shown++; assert(S[x].shown <= D); S[x].needack = 1
  :: S[y].kind[n] == OFFER -> assert(x == 1 && !S[1].mustans && !S[1].answered); S[1].mustans = 1
  :: S[y].kind[n] == ANSWER -> assert(x == 0 && S[0].outst); S[0].outst = 0; S[0].sE++; S[0].rE++; S[0].sidx = 0; S[0].ridx = 0; rsE[0] = S[0].sE; S[0].needack = 1
  :: S[y].kind[n] == ACK -> if :: S[x].since >= T -> S[x].needack = 1 :: else -> skip fi
  fi; v = 0 }
inline rcv(x,y) {
  if
  :: k == R1 ->
     if :: S[x].got1 || S[x].live -> cut()                          /* a second one in a pairing closes the connection */
        :: else -> S[x].got1 = 1; S[x].pp = n;
           if :: (x == 0 && !(p == S[0].sE || p == S[0].sE + 1)) || (x == 1 && !(p == S[1].sE || p + 1 == S[1].sE)) -> cut()
              :: else -> e = (x == 0 -> S[0].sE : p); assert(rsE[x] <= e); e = 0; q[x]!R2,S[x].pn,n,S[x].exp fi fi
  :: k == R2 ->
     if :: !S[x].got1 || S[x].live || n != S[x].pp || p != S[x].pn -> cut()    /* does not open */
        :: else -> assert(z >= S[x].acked && z <= S[x].nxt); ackto(x,z); S[x].tx = z; S[x].live = 1 fi
  :: k == FRAME && !S[x].live ->
#ifdef LITERAL
     resync()
#else
     skip                                                            /* the rest of an earlier pairing: dropped */
#endif
  :: k == FRAME && S[x].live ->
     opened = 0;
     /* no frame of another place has the key of this place, whatever the AD says */
     assert(!(S[y].ep[n] == S[x].rE && S[y].idx[n] == S[x].ridx && n != S[x].exp));
     if
     :: S[y].ep[n] == S[x].rE && S[y].idx[n] == S[x].ridx && n == S[x].exp -> opened = 1; S[x].ridx++
     :: else -> skip
     fi;
#ifndef NOTRIAL
     if
     :: !opened && x == 1 && S[1].answered ->
        /* the key of the next epoch's first frame fits also when the last frames of this epoch were taken away: only the
           number in the AD tells (control NOSEQ: without it the end of an epoch can be cut off unseen) */
        if :: S[y].ep[n] == S[1].rE + 1 && S[y].idx[n] == 0 && SEQOK -> opened = 1; S[1].rE++; S[1].ridx = 1; S[1].answered = 0; rsE[1] = S[1].rE
           :: else ->
#ifdef COMMIT
              S[1].rE++; S[1].ridx = 0; S[1].answered = 0; rsE[1] = S[1].rE
#else
              skip
#endif
        fi
     :: else -> skip
     fi;
#endif
     assert(opened || n != S[x].exp);                                /* the true next frame always opens */
     assert(!opened || n == S[x].exp);                               /* nothing is opened out of its place */
     if :: opened -> take(x,y) :: else -> resync() fi; opened = 0
  fi; k = 0; n = 0; p = 0; z = 0 }

#define STEP(x) \
  :: atomic { S[x].live && S[x].nd < D && DWIN(x) -> seal(x,DATA); S[x].nd++; S[x].ud++ } \
  :: atomic { S[x].live && S[x].needack && !S[x].mustans && CWIN(x) -> seal(x,ACK) } \
  :: atomic { S[x].live && S[x].tx < S[x].nxt && len(q[x]) < 3 -> q[x]!FRAME,S[x].tx,0,0; S[x].tx++ }

active proctype sys() {
  atomic { S[0].live = 1; S[1].live = 1; S[0].pn = 1; S[1].pn = 1 }
end: do
  STEP(0)
  STEP(1)
  :: atomic { S[0].live && !S[0].outst && S[0].sE < R && CWIN(0) -> seal(0,OFFER); S[0].outst = 1 }
  :: atomic { S[1].live && S[1].mustans && CWIN(1) -> seal(1,ANSWER); S[1].sE++; S[1].sidx = 0; S[1].mustans = 0; S[1].answered = 1;
#ifdef BADDROP
       S[1].rE++; S[1].ridx = 0; S[1].answered = 0; rsE[1] = S[1].rE
#endif
     }
  :: atomic { nempty(q[1]) && nfull(q[0]) -> q[1]?k,n,p,z; rcv(0,1) }
  :: atomic { nempty(q[0]) && nfull(q[1]) -> q[0]?k,n,p,z; rcv(1,0) }
  /* the relay */
#if MAXC > 0
  :: atomic { cuts < MAXC && !done -> cuts++; cut() }
#endif
#if MAXL > 0
  /* x comes back by a new connection; what the other had under way reaches it first, then the other sees the pairing */
  :: atomic { lates < MAXL && !done && len(q[0]) < 4 -> lates++; flush(1); onpair(1); onpair(0) }
  :: atomic { lates < MAXL && !done && len(q[1]) < 4 -> lates++; flush(0); onpair(0); onpair(1) }
#endif
#if MAXD > 0
  :: atomic { drops < MAXD && nempty(q[0]) -> drops++; q[0]?_,_,_,_ }
  :: atomic { drops < MAXD && nempty(q[1]) -> drops++; q[1]?_,_,_,_ }
#endif
#if MAXU > 0
  :: atomic { dups < MAXU && nempty(q[0]) && len(q[0]) < 5 -> dups++; q[0]?<k,n,p,z>; q[0]!k,n,p,z; k = 0; n = 0; p = 0; z = 0 }
  :: atomic { dups < MAXU && nempty(q[1]) && len(q[1]) < 5 -> dups++; q[1]?<k,n,p,z>; q[1]!k,n,p,z; k = 0; n = 0; p = 0; z = 0 }
#endif
#if MAXO > 0
  :: atomic { ords < MAXO && len(q[0]) > 1 -> ords++; q[0]?k,n,p,z; q[0]!k,n,p,z; k = 0; n = 0; p = 0; z = 0 }
  :: atomic { ords < MAXO && len(q[1]) > 1 -> ords++; q[1]?k,n,p,z; q[1]!k,n,p,z; k = 0; n = 0; p = 0; z = 0 }
#endif
  /* nothing moves: all is done, or a lost message is found by the timers (10 s) and the line is made anew */
  :: atomic { timeout ->
       if :: done -> break
          :: !done && retried < MAXD + MAXU + MAXO -> retried++; cut()
          :: else -> assert(done) fi }
  od }
#ifdef LIVE
ltl live { <> done }
#endif
