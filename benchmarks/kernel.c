/* A month of demand, written by hand in C: the limit that the compiled laws of homogsim are measured against.
 *
 * The same work as homogsim.laws.demand in float64: utilities, attractions, all sums of a site, consumer surplus, and
 * visits by an exponential race with the same keyed draws (Philox4x32-10), the same polynomials for exp and log. Sums
 * run in the same order, so every result has the same bits, on any number of threads. Nothing is left out that homogsim
 * does, and nothing is checked that it checks.
 *
 * Layout: blocks of up to 256 consumers of a cell are copied to rows that stay in the first two levels of cache; every
 * loop runs over a row and is elementwise, so that it becomes vector code (see the report that c_kernel.py asks for).
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK = 256, LANES = 8, MOST = 1024, AXES = 16 };
typedef double Row[BLOCK] __attribute__((aligned(64)));
typedef double Vector __attribute__((vector_size(64), aligned(8)));

/* What is asked: arrays as in homogsim.laws.demand, sites and consumers in the order of cells. */
struct market {
    int64_t tasks, towns, sites_per_cell, reach, consumers, sites, axes;
    const int64_t *plan;             /* (tasks, 3) cell, first and past-the-last consumer */
    const int64_t *reach_towns;      /* (towns, reach) */
    const double *reach_minutes;     /* (towns, reach) */
    const double *alpha, *personal, *local, *strength, *loyalty, *place, *ideal;
    const double *outlets;           /* (sites, 7 + axes): base, P, L, (1 - kappa)^2, tau, p in units of mu; A; x */
    const double *site_place;        /* (2, sites) */
    const uint8_t *is_open;
    double outside, noise, weight, visit_probability;
    uint64_t month, visit_key[2], race_key[2];
    const int32_t *last;
    int32_t *bought;
    double *inclusive, *surplus;
    double *partial;                 /* (tasks, reach * sites_per_cell, 8 + axes) sums of blocks */
    int64_t *reached, *counts;       /* (tasks, reach * sites_per_cell) sites, (tasks) how many */
    double *sums;                    /* (sites, 8 + axes) */
};

/* What a thread works in. */
struct room {
    Row one, alpha, personal, local, strength, east, north, loyalty, last, radius, bonus, ideal[AXES];
    Row total, inverse, worth, slope, steep, core_now, way, work, draw[4], best, winner, chance, outside;
    Row attraction[MOST], core[MOST];
    uint64_t who[BLOCK];
};

static inline double as_float(uint64_t bits) { double value; memcpy(&value, &bits, 8); return value; }
static inline uint64_t as_bits(double value) { uint64_t bits; memcpy(&bits, &value, 8); return bits; }

static inline double exponential(double x) {
    x = x > 700.0 ? 700.0 : x;
    x = x < -700.0 ? -700.0 : x;
    double shifted = x * 1.4426950408889634 + 6755399441055744.0, k = shifted - 6755399441055744.0;
    double high = x - k * 0.6931471803691238, low = k * 1.9082149292705877e-10, r = high - low, z = r * r;
    double even = 2.480149309888739e-05 + z * 2.763024838532302e-07;
    even = 0.5000000000000011 + z * (0.041666666666530155 + z * (0.0013888888943630134 + z * even));
    double odd = 0.00019841269506578723 + z * (2.755758637378518e-06 + z * 2.500006162553128e-08);
    odd = 0.16666666666666413 + z * (0.008333333333494461 + z * odd);
    return (1.0 + (high + (z * (even + r * odd) - low))) * as_float((as_bits(shifted) + 1023) << 52);
}

static inline double logarithm(double x) { /* of a normal, positive and finite number */
    uint64_t bits = as_bits(x) + (0x3FF0000000000000ull - 0x3FE6A09E00000000ull);
    double k = as_float((bits >> 52) | 0x4330000000000000ull) - (4503599627370496.0 + 1023.0);
    double f = as_float((bits & 0x000FFFFFFFFFFFFFull) + 0x3FE6A09E00000000ull) - 1.0;
    double s = f / (2.0 + f), z = s * s, w = z * z;
    double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double odd = 2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01);
    odd = z * (6.666666666666735130e-01 + w * odd);
    double half = 0.5 * f * f;
    return k * 0.6931471803691238 - ((half - (s * (half + (even + odd)) + k * 1.9082149292705877e-10)) - f);
}

static inline double uniform(uint64_t word) {
    return (as_float(word | 0x4330000000000000ull) - 4503599627370495.5) * 2.3283064365386962890625e-10;
}

static inline void philox(uint64_t a, uint64_t b, uint64_t c, uint64_t d, const uint64_t *key, double *restrict w,
                          double *restrict x, double *restrict y, double *restrict z) {
    const uint64_t word = 0xFFFFFFFF;
    uint64_t left = key[0], right = key[1];
#pragma GCC unroll 10
    for (int k = 0; k < 10; k++) {
        uint64_t even = a * 0xD2511F53, odd = c * 0xCD9E8D57;
        a = (odd >> 32) ^ b ^ left, b = odd & word;
        c = (even >> 32) ^ d ^ right, d = even & word;
        left = (left + 0x9E3779B9) & word, right = (right + 0xBB67AE85) & word;
    }
    *w = uniform(a), *x = uniform(b), *y = uniform(c), *z = uniform(d);
}

/* Eight partial sums over two interleaved halves, added up as a tree: the order of homogsim.numerics. */
static inline double dot(int n, const double *restrict a, const double *restrict b) {
    Vector s = {0}, t = {0};
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        s += *(const Vector *)(a + i) * *(const Vector *)(b + i);
        t += *(const Vector *)(a + i + 8) * *(const Vector *)(b + i + 8);
    }
    if (i < n) s += *(const Vector *)(a + i) * *(const Vector *)(b + i);
    s += t;
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* Copy consumers to the rows, filled up to whole vectors with nobody; return the length of the rows. */
static int settle(const struct market *m, int64_t first, int size, struct room *r) {
    int n = (size + LANES - 1) / LANES * LANES;
    for (int i = 0; i < size; i++) {
        r->alpha[i] = m->alpha[first + i], r->personal[i] = m->personal[first + i];
        r->local[i] = m->local[first + i], r->strength[i] = m->strength[first + i];
        r->loyalty[i] = m->loyalty[first + i], r->last[i] = m->last[first + i];
        r->east[i] = m->place[first + i], r->north[i] = m->place[m->consumers + first + i], r->one[i] = 1.0;
    }
    for (int k = 0; k < m->axes; k++)
        for (int i = 0; i < size; i++) r->ideal[k][i] = m->ideal[k * m->consumers + first + i];
    for (int i = size; i < n; i++) {
        r->alpha[i] = r->personal[i] = r->local[i] = r->strength[i] = r->loyalty[i] = r->last[i] = 0.0;
        r->east[i] = r->north[i] = r->one[i] = 0.0;
        for (int k = 0; k < m->axes; k++) r->ideal[k][i] = 0.0;
    }
    for (int i = 0; i < n; i++) r->radius[i] = sqrt(r->east[i] * r->east[i] + r->north[i] * r->north[i]);
    for (int i = 0; i < n; i++) r->bonus[i] = exponential(r->loyalty[i] / m->noise);
    for (int i = 0; i < n; i++) r->total[i] = r->outside[i] = m->outside;
    return n;
}

/* Work out attraction and attraction * utility of an outlet, and add the attraction to the totals. */
static void attract(const struct market *m, int64_t site, int at_home, double minutes, int n, double *restrict attraction,
                    double *restrict core, struct room *restrict r) {
    const double *o = m->outlets + site * (7 + m->axes);
    double x = m->site_place[site], y = m->site_place[m->sites + site], radius = sqrt(x * x + y * y);
    if (at_home)
        for (int i = 0; i < n; i++) {
            double a = r->east[i] - x, b = r->north[i] - y;
            r->work[i] = sqrt(a * a + b * b) + minutes;
        }
    else
        for (int i = 0; i < n; i++) r->work[i] = radius + (minutes + r->radius[i]);
    for (int i = 0; i < n; i++) r->way[i] = logarithm(1.0 + r->work[i]);
    if (m->axes == 4) {
        double p = o[7], q = o[8], s = o[9], t = o[10];
        for (int i = 0; i < n; i++) {
            double a = r->ideal[0][i] - p, b = r->ideal[1][i] - q, c = r->ideal[2][i] - s, d = r->ideal[3][i] - t;
            r->work[i] = ((a * a + b * b) + c * c) + d * d;
        }
    } else {
        for (int i = 0; i < n; i++) r->work[i] = 0.0;
        for (int k = 0; k < m->axes; k++)
            for (int i = 0; i < n; i++) {
                double gap = r->ideal[k][i] - o[7 + k];
                r->work[i] += gap * gap;
            }
    }
    double base = o[0], personal = o[1], local = at_home ? o[2] : 0.0, misfit = o[3], travel = o[4], price = o[5];
    double awareness = o[6], here = site;
    for (int i = 0; i < n; i++) {
        double value = base + r->personal[i] * personal + r->local[i] * local
            - r->strength[i] * misfit * r->work[i] - r->alpha[i] * price;
        r->core_now[i] = value;
        r->chance[i] = value - travel * r->way[i];
    }
    for (int i = 0; i < n; i++) r->work[i] = awareness * exponential(r->chance[i]);
    for (int i = 0; i < n; i++) {
        double value = r->work[i] * (r->last[i] == here ? r->bonus[i] : 1.0);
        attraction[i] = value;
        core[i] = value * r->core_now[i];
        r->total[i] += value;
    }
}

static void add_up(const struct market *m, int at_home, int n, const double *restrict attraction,
                   const double *restrict core, struct room *restrict r, double *restrict result) {
    for (int i = 0; i < n; i++) {
        double share = attraction[i] * r->inverse[i];
        r->slope[i] = share * (1.0 - share);
        r->steep[i] = r->slope[i] * r->strength[i];
    }
    result[0] = m->weight * dot(n, attraction, r->inverse);
    result[6] = dot(n, core, r->worth);
    result[1] = m->weight * dot(n, r->slope, r->one);
    result[2] = m->weight * dot(n, r->slope, r->alpha);
    result[3] = m->weight * dot(n, r->slope, r->personal);
    result[4] = at_home ? m->weight * dot(n, r->slope, r->local) : 0.0;
    result[5] = m->weight * dot(n, r->steep, r->one);
    for (int k = 0; k < m->axes; k++) result[7 + k] = m->weight * dot(n, r->steep, r->ideal[k]);
}

static void draw(const struct market *m, uint64_t block, uint64_t index, const uint64_t *key, int n, struct room *r) {
    for (int i = 0; i < n; i++)
        philox(r->who[i], block, m->month, index, key, &r->draw[0][i], &r->draw[1][i], &r->draw[2][i], &r->draw[3][i]);
}

static void race(double runner, const double *restrict draws, const double *restrict attraction, int64_t first, int n,
                 struct room *restrict r) {
    for (int i = 0; i < n; i++) r->chance[i] = attraction[r->who[i] - first];
    for (int i = 0; i < n; i++) r->work[i] = -logarithm(draws[i]);
    for (int i = 0; i < n; i++) {
        double clock = r->work[i] / r->chance[i];
        r->winner[i] = clock < r->best[i] ? runner : r->winner[i];
        r->best[i] = clock < r->best[i] ? clock : r->best[i];
    }
}

static void visit(const struct market *m, int64_t first, int size, int n, int count, const int64_t *sites,
                  struct room *r) {
    int going = 0;
    for (int i = 0; i < n; i++) r->who[i] = first + i;
    draw(m, 0, 0, m->visit_key, n, r);
    for (int i = 0; i < size; i++) {
        r->who[going] = first + i;
        going += r->draw[0][i] < m->visit_probability;
    }
    n = (going + LANES - 1) / LANES * LANES;
    for (int i = going; i < n; i++) r->who[i] = first;
    for (int i = 0; i < n; i++) r->best[i] = INFINITY, r->winner[i] = -1.0;
    draw(m, 0xFFFFFFFF, 1, m->race_key, n, r);
    race(-1.0, r->draw[0], r->outside, first, n, r);
    for (int j = 0; j < count; j++) {
        if (j == 0 || sites[j] >> 2 != sites[j - 1] >> 2) draw(m, sites[j] >> 2, 1, m->race_key, n, r);
        race(j, r->draw[sites[j] & 3], r->attraction[j], first, n, r);
    }
    for (int i = 0; i < size; i++) m->bought[first + i] = -1;
    for (int i = 0; i < going; i++) m->bought[r->who[i]] = r->winner[i] >= 0.0 ? sites[(int)r->winner[i]] : -1;
}

static void choose(const struct market *m, int64_t task, struct room *r) {
    int64_t cell = m->plan[3 * task], first = m->plan[3 * task + 1], town = cell % m->towns;
    int size = m->plan[3 * task + 2] - first, count = 0, columns = 8 + m->axes - 1;
    int64_t widest = m->reach * m->sites_per_cell, *sites = m->reached + task * widest;
    double *partial = m->partial + task * widest * columns;
    int home = 0, n = settle(m, first, size, r);
    for (int v = 0; v < m->reach; v++) {
        int64_t other = cell - town + m->reach_towns[town * m->reach + v];
        for (int64_t site = other * m->sites_per_cell; site < (other + 1) * m->sites_per_cell; site++)
            if (m->is_open[site]) {
                attract(m, site, other == cell, m->reach_minutes[town * m->reach + v], n, r->attraction[count],
                        r->core[count], r);
                home = other == cell ? count + 1 : home; /* the own town comes first */
                sites[count++] = site;
            }
    }
    m->counts[task] = count;
    for (int i = 0; i < n; i++) {
        r->inverse[i] = i < size && r->total[i] > 0.0 ? 1.0 / r->total[i] : 0.0;
        r->worth[i] = i < size ? m->weight * m->noise / r->alpha[i] * r->inverse[i] : 0.0;
    }
    for (int i = 0; i < n; i++) r->work[i] = logarithm(r->total[i]);
    for (int i = 0; i < size; i++) {
        m->inclusive[first + i] = r->total[i];
        m->surplus[first + i] = m->noise / r->alpha[i] * (r->total[i] > 0.0 ? r->work[i] : -INFINITY);
    }
    for (int j = 0; j < count; j++) add_up(m, j < home, n, r->attraction[j], r->core[j], r, partial + j * columns);
    visit(m, first, size, n, count, sites, r);
}

/* Let everybody choose for a month on so many threads; return 0, or 1 for a market that the rows do not hold. */
int choose_month(const struct market *m, int threads) {
    int64_t widest = m->reach * m->sites_per_cell, columns = 8 + m->axes - 1;
    if (widest > MOST || m->axes > AXES) return 1;
#pragma omp parallel num_threads(threads)
    {
        static _Thread_local struct room r; /* stays from month to month */
#pragma omp for schedule(static)
        for (int64_t task = 0; task < m->tasks; task++) choose(m, task, &r);
    }
    /* In the order of blocks, so that sums do not depend on the number of threads. */
    memset(m->sums, 0, sizeof(double) * m->sites * columns);
    for (int64_t task = 0; task < m->tasks; task++)
        for (int64_t j = 0; j < m->counts[task]; j++)
            for (int64_t k = 0; k < columns; k++)
                m->sums[m->reached[task * widest + j] * columns + k] += m->partial[(task * widest + j) * columns + k];
    return 0;
}
