/*
 * How delivery.pml follows a recorded run (-DTRACE): each side's events in their order, from the file that the variable
 * TRACE names. An event of the model passes when it is the next one of its side, number by number. No rule of the
 * protocol may be in this file.
 */
c_decl {
\#include <stdio.h>
\#include <stdlib.h>
}

#define MOST 256         /* events of one side */
/* Read once, and no part of a state. */
hidden byte seen_what[512];
hidden byte seen_kind[512];
hidden byte seen_seq[512];
hidden byte seen_epoch[512];
hidden byte seen_ack[512];
hidden byte seen_count[2];
hidden byte seen_texts[2];
/* How many of its events each side has done. */
byte done[2];

#define SCALE(real, small) real
#define TEXTS_OF(me) seen_texts[me]
#define HERE (me * MOST + done[me])
#define WITH(bits) (seen_what[HERE] == E_SEAL && (seen_kind[HERE] & (bits)))
#define WITHOUT(bits) (!WITH(bits))
#define NEXT(what) (seen_what[HERE] == what)
#define EVENT(what, a, b, c, d) \
  (seen_what[HERE] == what && seen_kind[HERE] == (a) && seen_seq[HERE] == (b) && seen_epoch[HERE] == (c) && \
    seen_ack[HERE] == (d)) -> done[me]++;
#define READ \
  c_code { \
    FILE *file = fopen(getenv("TRACE"), "r"); \
    int side, what, kind, seq, epoch, ack, most[2]; \
    if (!file || fscanf(file, "%d %d", &most[0], &most[1]) != 2) exit(2); \
    seen_texts[0] = most[0]; seen_texts[1] = most[1]; \
    while (fscanf(file, "%d %d %d %d %d %d", &side, &what, &kind, &seq, &epoch, &ack) == 6) { \
      int at = side * 256 + seen_count[side]++; \
      if (seen_count[side] == 0) exit(2); \
      seen_what[at] = what; seen_kind[at] = kind; seen_seq[at] = seq; seen_epoch[at] = epoch; seen_ack[at] = ack; \
    } \
    fclose(file); \
  }
#define WHOLE \
  done[A] == seen_count[A] && done[B] == seen_count[B]; \
  c_code { printf("ACCEPTED\n"); exit(0); }
