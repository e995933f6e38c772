/*
 * plot: a reliability table to look at.
 *
 * Both axes are odds by powers of ten: almost all pairs lie at the ends, where a plot of probabilities shows one dot. A
 * bin stands where its mean prediction is; its interval (95 %) is what was seen. Calibrated is what touches the diagonal.
 */
#include "score.h"

#define DECADE_MIN (-4.0)
#define DECADE_MAX 8.0

/* Powers of ten of the odds, cut where the axes end. */
static double decade_of(double probability)
{
	double decade;

	if (probability <= 0.0)
		return DECADE_MIN;
	if (probability >= 1.0)
		return DECADE_MAX;
	decade = match_log2(probability / (1.0 - probability)) * 0.30102999566398119521;
	return decade < DECADE_MIN ? DECADE_MIN : decade > DECADE_MAX ? DECADE_MAX : decade;
}

static double share_of(const struct match_bin *bin)
{
	return (double)bin->right / (double)bin->pairs;
}

/* ---- in a terminal ---- */

#define COLUMNS 60

static int column_of(double probability)
{
	return (int)((decade_of(probability) - DECADE_MIN) / (DECADE_MAX - DECADE_MIN) * COLUMNS + 0.5);
}

void match_plot_text(const struct match_bin bins[MATCH_BINS], struct buffer *out)
{
	char line[COLUMNS + 2];
	int b, i, mean;

	buffer_add_text(
		out, "\npredicted      0.0001    0.01      0.5       0.99      0.9999    1-1e-6    1-1e-8   pairs\n");
	for (b = 0; b < MATCH_BINS; b++) {
		const struct match_bin *bin = &bins[b];

		if (bin->pairs == 0)
			continue;
		memset(line, ' ', sizeof(line) - 1);
		line[sizeof(line) - 1] = '\0';
		for (i = column_of(bin->low); i <= column_of(bin->high); i++)
			line[i] = '-';
		line[column_of(share_of(bin))] = 'o';
		mean = column_of(bin->mean);
		line[mean] = line[mean] == 'o' ? '@' : '|';
		buffer_printf(out, "%.9f    %s %8llu%s\n", bin->mean, line, (unsigned long long)bin->pairs,
			      bin->inside ? "" : "  outside");
	}
	buffer_add_text(out, "               | predicted  o seen  @ both  --- 95 % of what was seen\n");
}

/* ---- as SVG ---- */

#define LEFT 80.0
#define TOP 70.0
#define SIDE 480.0

static double across(double decade)
{
	return LEFT + (decade - DECADE_MIN) / (DECADE_MAX - DECADE_MIN) * SIDE;
}

static double down(double decade)
{
	return TOP + SIDE - (decade - DECADE_MIN) / (DECADE_MAX - DECADE_MIN) * SIDE;
}

static void svg_axes(struct buffer *out)
{
	static const char *const labels[] = {"0.0001", "0.01", "0.5", "0.99", "0.9999", "1-1e-6", "1-1e-8"};
	int i;

	for (i = 0; i < 7; i++) {
		double x = across(DECADE_MIN + 2.0 * i), y = down(DECADE_MIN + 2.0 * i);

		buffer_printf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n", x, TOP,
			      x, TOP + SIDE);
		buffer_printf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n", LEFT, y,
			      LEFT + SIDE, y);
		buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n", x,
			      TOP + SIDE + 18.0, labels[i]);
		buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 8.0, y + 4.0,
			      labels[i]);
	}
	buffer_printf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"ideal\"/>\n",
		      across(DECADE_MIN), down(DECADE_MIN), across(DECADE_MAX), down(DECADE_MAX));
	buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">predicted probability</text>\n",
		      LEFT + SIDE / 2.0, TOP + SIDE + 40.0);
	buffer_printf(
		out,
		"<text x=\"20\" y=\"%.1f\" text-anchor=\"middle\" transform=\"rotate(-90 20 %.1f)\">share that was "
		"right, 95 %% interval</text>\n",
		TOP + SIDE / 2.0, TOP + SIDE / 2.0);
}

static void svg_bin(const struct match_bin *bin, struct buffer *out)
{
	double x = across(decade_of(bin->mean)), y = down(decade_of(share_of(bin)));

	buffer_printf(out, "<g class=\"%s\"><title>%llu pairs, %llu wrong, %.9f predicted</title>",
		      bin->inside ? "inside" : "outside", (unsigned long long)bin->pairs,
		      (unsigned long long)(bin->pairs - bin->right), bin->mean);
	buffer_printf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x, down(decade_of(bin->low)), x,
		      down(decade_of(bin->high)));
	buffer_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>", x, y);
	/* Off the axes' own words: those at the top above the dot, the others beside it. */
	buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\">%llu</text></g>\n", x + (y > TOP ? 8.0 : -6.0),
		      y > TOP ? y - 8.0 : y - 10.0, (unsigned long long)bin->pairs);
}

void match_plot_svg(const struct match_measured *measured, const struct match_bin bins[MATCH_BINS], struct buffer *out)
{
	int b;

	buffer_printf(
		out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" font-family=\"sans-serif\" "
		"font-size=\"12\">\n<title>Reliability of match probabilities</title>\n",
		LEFT + SIDE + 60.0, TOP + SIDE + 60.0);
	buffer_add_text(out, "<style>.grid{stroke:#ddd}.ideal{stroke:#666;stroke-dasharray:6 4}"
			     ".inside line{stroke:#1f5fa8;stroke-width:2}.inside circle{fill:#1f5fa8}"
			     ".outside line{stroke:#c0392b;stroke-width:2}"
			     ".outside circle{fill:#fff;stroke:#c0392b;stroke-width:2}</style>\n"
			     "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
	buffer_printf(out,
		      "<text x=\"%.1f\" y=\"20\">%llu pairs; calibration error %.6f; Brier score %.6f</text>\n"
		      "<text x=\"%.1f\" y=\"36\">wrong per 10,000 automatic: %.3f (at most %.3f)</text>\n",
		      LEFT, (unsigned long long)measured->pairs, measured->ece, measured->brier, LEFT,
		      measured->wrong_per_10k, measured->wrong_per_10k_upper);
	svg_axes(out);
	for (b = 0; b < MATCH_BINS; b++)
		if (bins[b].pairs > 0)
			svg_bin(&bins[b], out);
	buffer_add_text(out, "</svg>\n");
}
