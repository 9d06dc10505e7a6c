/* Handshake establishment of securechat/1, section 4: cuts anywhere, late delivery into a new pairing, restart of a
   process, a stranger / relay without the code that sends M0 (and guesses), the two rooms of a provisional A, counting.
   Both honest sides know the right code, so every M2/M3 between them verifies.
   A provisional state falls only to a valid tag; the peer's M0 selects what is sent; the 30 s stand still while there is no
   pairing; a visit ends.
   L: counted attempts that burn; MAXCUT, MAXLATE, MAXINJ, MAXRST: budget of the adversary; GUESS: he guesses, too.
   MAXEXP: so often the 30 s of an attempt pass while paired.
   Planted faults: BREAK_KEPT an attempt ends with its connection; BREAK_PROVISIONAL any M0 takes the provisional state;
   NOALT a provisional side looks only in the resume room. */
#ifndef L
#define L 1
#endif
#ifndef MAXCUT
#define MAXCUT 2
#endif
#ifndef MAXLATE
#define MAXLATE 0
#endif
#ifndef MAXINJ
#define MAXINJ 0
#endif
#ifndef MAXEXP
#define MAXEXP 0
#endif
#ifndef MAXRST
#define MAXRST 0
#endif
#define LO 1            /* the stranger's C: lower or higher than every honest one */
#define HI 13
#define M0 1
#define M1 2
#define M2 3
#define M3 4
#define FR 5            /* B's first frame */
#define RV 1
#define RS 2
chan q[2] = [8] of { byte, byte, byte };      /* q[x]: sent by x */
byte own[2], peer[2], st[2];                  /* st: 0 none, 1 M0 sent, 2 A with M1 sent, 3 B with M2 sealed */
byte cnt[2];
byte pv[2], pvp[2];                           /* provisional A: own C, peer's C */
byte ea[2], eb[2];                            /* established: C_A, C_B; 0 none */
byte loc[2];
byte sent[2];                                 /* of a provisional side in this pairing: 1 its old messages, 2 those of the newer attempt */
bit turn[2], paired, newM0[2], burnt[2], good, lost, nul;
byte cuts, lates, injs, rsts, exps, mv;
byte w1, w2, t, a, b, kk, i;
#define GOAL (ea[0] != 0 && ea[1] != 0)
#define ENDED (GOAL || lost || burnt[0] || burnt[1])
#define INQ(v) (q[0]??[w1,v,w2] || q[0]??[w1,w2,v] || q[1]??[w1,v,w2] || q[1]??[w1,w2,v])
#define USED(v) (own[0]==v||own[1]==v||peer[0]==v||peer[1]==v||pv[0]==v||pv[1]==v||pvp[0]==v||pvp[1]==v||ea[0]==v||ea[1]==v||eb[0]==v||eb[1]==v||INQ(v))

inline flush(c) { do :: nempty(q[c]) -> q[c]?_,_,_ :: empty(q[c]) -> break od }
inline snd(x,ty,aa,bb) { if :: nul -> skip :: else -> assert(nfull(q[x])); q[x]!ty,aa,bb fi }
inline draw(x) { own[x] = 0; peer[x] = 0;
  if :: !USED(2) -> own[x] = 2 :: !USED(3) -> own[x] = 3 :: !USED(4) -> own[x] = 4 :: !USED(5) -> own[x] = 5
     :: !USED(6) -> own[x] = 6 :: !USED(7) -> own[x] = 7 :: !USED(8) -> own[x] = 8
#ifdef WIDE
     :: !USED(9) -> own[x] = 9 :: !USED(10) -> own[x] = 10
#endif
     :: else -> assert(false) fi }
/* a provisional side is not burnt by its visits, it only makes no new attempts any more */
#define KEEPS(x) (pv[x] != 0)
inline endatt(x) { if :: st[x] == 3 && cnt[x] >= L && !KEEPS(x) -> burnt[x] = 1 :: else -> skip fi; st[x] = 0; own[x] = 0; peer[x] = 0 }
inline role(x,c) { peer[x] = c; if :: own[x] < c -> st[x] = 2; snd(x,M1,own[x],c) :: else -> st[x] = 1 fi }
inline unpair() { paired = 0; flush(0); flush(1); newM0[0] = 0; newM0[1] = 0; sent[0] = 0; sent[1] = 0 }
inline allout() { unpair(); loc[0] = 0; loc[1] = 0;
#ifdef BREAK_KEPT
  endatt(0); endatt(1)
#endif
}
inline mine(x) { snd(x,M0,own[x],0); if :: st[x] == 2 -> snd(x,M1,own[x],peer[x]) :: st[x] == 3 -> snd(x,M2,peer[x],own[x]) :: else -> skip fi }
inline prov(x) { sent[x] = sent[x] | 1; snd(x,M0,pv[x],0); snd(x,M1,pv[x],pvp[x]); snd(x,M3,pv[x],pvp[x]) }
inline fresh(x) { draw(x); st[x] = 1; snd(x,M0,own[x],0) }

inline onpair(x) { newM0[x] = 0; sent[x] = 0;
  if
  :: pv[x] != 0 -> skip                       /* waits for the peer's M0 */
  :: pv[x] == 0 && st[x] >= 2 -> mine(x)
  :: pv[x] == 0 && st[x] < 2 -> fresh(x)
  fi
}

inline again(x,c) {                            /* an M0 with another C ends what is sealed; the same pairing, once */
  endatt(x);
  if :: burnt[x] -> skip
     :: !burnt[x] && newM0[x] -> if :: nul -> skip :: else -> allout() fi
     :: !burnt[x] && !newM0[x] -> newM0[x] = 1; draw(x); st[x] = 1; snd(x,M0,own[x],0); role(x,c)
  fi }

inline recv(x,ty,ca,cb) {
  if
  :: burnt[x] -> skip
  :: !burnt[x] && ea[x] != 0 -> skip
  :: !burnt[x] && ea[x] == 0 ->
    if
    :: ty == M0 ->
      if
      :: ca == own[x] || ca == pv[x] -> skip   /* its own: dropped */
      :: ca != own[x] && ca != pv[x] ->
        if
#ifdef BREAK_PROVISIONAL
        :: pv[x] != 0 && ca != pvp[x] -> pv[x] = 0; pvp[x] = 0; again(x,ca)
#endif
        :: pv[x] != 0 && ca == pvp[x] -> if :: !(sent[x] & 1) -> prov(x) :: else -> skip fi
        :: pv[x] != 0 && ca != pvp[x] && st[x] >= 2 && ca == peer[x] -> if :: !(sent[x] & 2) && !newM0[x] -> sent[x] = sent[x] | 2; mine(x) :: else -> skip fi
        :: pv[x] != 0 && ca != pvp[x] && st[x] == 1 && ca == peer[x] && newM0[x] -> skip
        :: pv[x] != 0 && ca != pvp[x] && !(ca == peer[x] && (st[x] >= 2 || (st[x] == 1 && newM0[x]))) ->
             if :: newM0[x] && (st[x] == 1 || st[x] == 2) -> role(x,ca)
                :: newM0[x] && !(st[x] == 1 || st[x] == 2) -> skip        /* dropped: the visit goes on to its end */
                :: !newM0[x] && cnt[x] >= L -> skip                        /* no attempt is left: only the old peer helps */
                :: !newM0[x] && cnt[x] < L -> again(x,ca) fi
        :: pv[x] == 0 && (st[x] == 0 || ca == peer[x]) -> skip
        :: pv[x] == 0 && (st[x] == 1 || st[x] == 2) && ca != peer[x] -> role(x,ca)
        /* counted: close, wait, rejoin */
        :: pv[x] == 0 && st[x] == 3 && ca != peer[x] -> endatt(x); if :: nul -> skip :: else -> allout() fi
        fi
      fi
    :: ty == M1 -> if :: st[x] == 1 && peer[x] == ca && own[x] == cb -> cnt[x]++; st[x] = 3; snd(x,M2,ca,cb) :: else -> skip fi
    :: ty == M2 -> if :: st[x] == 2 && own[x] == ca && peer[x] == cb ->
                        pv[x] = ca; pvp[x] = cb; st[x] = 0; own[x] = 0; peer[x] = 0; turn[x] = 0; sent[x] = 1; newM0[x] = 0; snd(x,M3,ca,cb)
                      :: else -> skip fi
    :: ty == M3 -> if :: st[x] == 3 && peer[x] == ca && own[x] == cb ->
                        ea[x] = ca; eb[x] = cb; cnt[x]--; st[x] = 0; own[x] = 0; peer[x] = 0; pv[x] = 0; pvp[x] = 0; snd(x,FR,ca,cb)
                      :: else -> skip fi
    :: ty == FR -> if :: pv[x] == ca && pvp[x] == cb -> ea[x] = ca; eb[x] = cb; pv[x] = 0; pvp[x] = 0; st[x] = 0; own[x] = 0; peer[x] = 0
                      :: else -> skip fi
    fi
  fi;
  assert(!GOAL || (ea[0] == ea[1] && eb[0] == eb[1]))   /* both established: the same attempt */
}

inline stranger(x,c) {                         /* somebody without the code has the other seat for a while */
  nul = 1; onpair(x); recv(x,M0,c,0);
  if :: true -> skip
#ifdef GUESS
     :: !burnt[x] && ea[x] == 0 && st[x] == 1 && peer[x] == c -> recv(x,M1,c,own[x])
     :: !burnt[x] && ea[x] == 0 && st[x] == 2 && peer[x] == c -> cnt[x]++; st[x] = 3; endatt(x)      /* a wrong M2: counted */
#endif
  fi;
  nul = 0; newM0[x] = 0; sent[x] = 0 }

#define ALONE(x) (!paired && loc[x] != 0)
#define IDLE (empty(q[0]) && empty(q[1]))
/* a provisional side that is alone goes on to its other room */
#define MOVE(x) (pv[x] != 0 && ALONE(x) && !burnt[x])
/* paired in the rendezvous room, nothing under way */
#define STUCK(x) (paired && loc[x] == RV && ea[x] == 0)

active proctype sys() {
  do
  :: GOAL -> break
  :: atomic { !GOAL && (lost || burnt[0] || burnt[1]) -> break }
  /* connect */
  :: atomic { !ENDED && loc[0] == 0 -> i = 0; goto conn }
  :: atomic { !ENDED && loc[1] == 0 -> i = 1;
conn:  if :: ea[i] != 0 -> loc[i] = RS
          :: ea[i] == 0 && pv[i] != 0 -> 
#ifdef NOALT
                loc[i] = RS                       /* control: a provisional side looks only in the resume room */
#else
                if :: turn[i] == 0 -> loc[i] = RS :: else -> loc[i] = RV fi; turn[i] = 1 - turn[i]
#endif

          :: ea[i] == 0 && pv[i] == 0 -> loc[i] = RV fi; i = 0 }
  /* pairings */
  :: atomic { !ENDED && !paired && loc[0] == RV && loc[1] == RV -> paired = 1;
       if :: onpair(0); onpair(1) :: onpair(1); onpair(0) fi }
  :: atomic { !ENDED && !paired && loc[0] == RS && loc[1] == RS &&
       ((ea[0] != 0 && ea[0] == pv[1] && eb[0] == pvp[1]) || (ea[1] != 0 && ea[1] == pv[0] && eb[1] == pvp[0])) ->
       /* the proofs of section 7 open */
       if :: ea[0] != 0 -> ea[1] = ea[0]; eb[1] = eb[0]; pv[1] = 0; pvp[1] = 0
          :: ea[0] == 0 -> ea[0] = ea[1]; eb[0] = eb[1]; pv[0] = 0; pvp[0] = 0 fi }
  /* messages */
  :: atomic { !ENDED && paired && nempty(q[0]) -> q[0]?t,a,b; recv(1,t,a,b); t = 0; a = 0; b = 0 }
  :: atomic { !ENDED && paired && nempty(q[1]) -> q[1]?t,a,b; recv(0,t,a,b); t = 0; a = 0; b = 0 }
  /* an established side leaves the rendezvous room when its peer does: part of a cut (allout) */
  /* timers: with a bad network at any time, with a good one only when nothing else can happen */
  /* (good: two provisional sides do not move in step for ever: jitter) */
  :: atomic { !ENDED && (!good || (timeout && !(MOVE(1) && mv == 1))) && MOVE(0) -> loc[0] = 0; if :: good -> mv = 1 :: else -> skip fi }
  :: atomic { !ENDED && (!good || (timeout && !(MOVE(0) && mv == 2))) && MOVE(1) -> loc[1] = 0; if :: good -> mv = 2 :: else -> skip fi }
  /* 1 s without an M0 of the peer: the newest of its own */
  :: atomic { !ENDED && (!good || timeout) && STUCK(0) && pv[0] != 0 && sent[0] == 0 && !newM0[0] -> if :: st[0] >= 2 -> sent[0] = 2; mine(0) :: else -> prov(0) fi }
  :: atomic { !ENDED && (!good || timeout) && STUCK(1) && pv[1] != 0 && sent[1] == 0 && !newM0[1] -> if :: st[1] >= 2 -> sent[1] = 2; mine(1) :: else -> prov(1) fi }
  /* no attempt is left and the old peer is not found: given up after the resume time */
  :: atomic { !ENDED && timeout && MOVE(0) && cnt[0] >= L -> burnt[0] = 1 }
  :: atomic { !ENDED && timeout && MOVE(1) && cnt[1] >= L -> burnt[1] = 1 }
  /* a visit ends */
  :: atomic { !ENDED && timeout && STUCK(0) && pv[0] != 0 && (sent[0] || newM0[0]) -> endatt(0); allout() }
  :: atomic { !ENDED && timeout && STUCK(1) && pv[1] != 0 && (sent[1] || newM0[1]) -> endatt(1); allout() }
  /* an established side whose peer does not answer leaves for the resume room */
  :: atomic { !ENDED && timeout && paired && loc[0] == RV && ea[0] != 0 -> allout() }
  :: atomic { !ENDED && timeout && paired && loc[1] == RV && ea[1] != 0 -> allout() }
  /* paired for 30 s and nothing moves any more */
  :: atomic { !ENDED && timeout && STUCK(0) && pv[0] == 0 && st[0] != 0 -> endatt(0); allout() }
  :: atomic { !ENDED && timeout && STUCK(1) && pv[1] == 0 && st[1] != 0 -> endatt(1); allout() }
  /* the adversary */
  :: atomic { !ENDED && !good -> good = 1; exps = 0; cuts = 0; lates = 0; injs = 0; rsts = 0 }
  :: atomic { !ENDED && !good && cuts < MAXCUT && paired -> cuts++; allout() }
#if MAXLATE > 0
  /* the connection of kk breaks and is replaced at once: what the other had under way reaches the new one first */
  :: atomic { !ENDED && !good && lates < MAXLATE && paired && loc[0] == RV && loc[1] == RV && ea[1] == 0 && pv[1] == 0 && nempty(q[0]) -> lates++;
       if :: ea[0] == 0 && pv[0] == 0 -> flush(1); onpair(1); onpair(0)
          :: else -> flush(1); nul = 1; onpair(1); do :: nempty(q[0]) -> q[0]?t,a,b; recv(1,t,a,b) :: empty(q[0]) -> break od; t = 0; a = 0; b = 0; nul = 0; allout() fi }
  :: atomic { !ENDED && !good && lates < MAXLATE && paired && loc[0] == RV && loc[1] == RV && ea[0] == 0 && pv[0] == 0 && nempty(q[1]) -> lates++;
       if :: ea[1] == 0 && pv[1] == 0 -> flush(0); onpair(0); onpair(1)
          :: else -> flush(0); nul = 1; onpair(0); do :: nempty(q[1]) -> q[1]?t,a,b; recv(0,t,a,b) :: empty(q[1]) -> break od; t = 0; a = 0; b = 0; nul = 0; allout() fi }
#endif
#if MAXINJ > 0
  /* alone in the rendezvous room with a stranger */
  :: atomic { !ENDED && !good && injs < MAXINJ && !paired && loc[0] == RV -> injs++; if :: stranger(0,LO) :: stranger(0,HI) fi; loc[0] = 0 }
  :: atomic { !ENDED && !good && injs < MAXINJ && !paired && loc[1] == RV -> injs++; if :: stranger(1,LO) :: stranger(1,HI) fi; loc[1] = 0 }
  /* the relay injects an M0 between the two, or reflects one */
  :: atomic { !ENDED && !good && injs < MAXINJ && paired && loc[0] == RV -> injs++; if :: recv(0,M0,LO,0) :: recv(0,M0,HI,0) fi }
  :: atomic { !ENDED && !good && injs < MAXINJ && paired && loc[1] == RV -> injs++; if :: recv(1,M0,LO,0) :: recv(1,M0,HI,0) fi }
#endif
#if MAXRST > 0
  :: atomic { !ENDED && !good && rsts < MAXRST -> rsts++; i = 0; goto rst }
  :: atomic { !ENDED && !good && rsts < MAXRST -> rsts++; i = 1;
rst:   if :: ea[1-i] != 0 -> lost = 1 :: else -> skip fi;   /* the other is established: it waits in the resume room until it gives up */
       if :: paired -> allout() :: else -> skip fi; loc[i] = 0;
       own[i] = 0; peer[i] = 0; st[i] = 0; cnt[i] = 0; pv[i] = 0; pvp[i] = 0; ea[i] = 0; eb[i] = 0; turn[i] = 0; burnt[i] = 0; i = 0 }
#endif
#if MAXEXP > 0
#define MAYEXP(x) (STUCK(x) && (st[x] == 2 || st[x] == 3))
  :: atomic { !ENDED && !good && exps < MAXEXP && MAYEXP(0) -> exps++; endatt(0); if :: paired -> allout() :: else -> loc[0] = 0 fi }
  :: atomic { !ENDED && !good && exps < MAXEXP && MAYEXP(1) -> exps++; endatt(1); if :: paired -> allout() :: else -> loc[1] = 0 fi }
#endif
  od;
  t = 0; a = 0; b = 0
}
#ifdef NOBURN
#define bad (burnt[0] || burnt[1])
ltl safe { [] !bad }
#else
#ifdef STRICTL
ltl live { [] (good -> <> (GOAL || lost)) }
#else
#ifdef STRICT
ltl live { [] (good -> <> GOAL) }
#else
ltl live { [] (good -> <> ENDED) }
#endif
#endif
#endif
