// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats top on a terminal, which is left as it was, however the program ends. */
#include <curses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "top.h"

#define ESCAPE_MS	25

static volatile sig_atomic_t caught;
static sigset_t awaiting;	/* the signals that are blocked while keys are awaited */

static void on_signal(int number)
{
	caught = number;
}

static void restore(void)
{
	if (!isendwin())
		endwin();
}

/*
 * Signals come only while keys are awaited, so that none is missed; with them ncurses'
 * own for a new size of the window. Ctrl-Z is left to ncurses as well.
 */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGWINCH);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&block, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &block, &awaiting);
}

static void check_terminal(void)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		fail(EXIT_RUNTIME, "top needs a terminal: use `kvmstats top -b` without one");
	if (!term || !*term)
		fail(EXIT_RUNTIME, "top needs TERM to name the terminal: set it, or use `kvmstats top -b`");
	if (!strcmp(term, "dumb"))
		fail(EXIT_RUNTIME, "top cannot draw on a terminal that is `dumb`: use `kvmstats top -b`");
}

static void open_screen(void)
{
	/* Before ncurses has its own, which leave no trace of the signal. */
	catch_signals();
	if (!newterm(NULL, stdout, stdin))
		fail(EXIT_RUNTIME, "top does not know the terminal `%s`: set TERM, or use `kvmstats top -b`",
		     getenv("TERM"));
	atexit(restore);
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	curs_set(0);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static uint64_t focus(const struct top_state *s)
{
	return s->scope.level == TOP_HOST ? 0 : s->scope.vm_id;
}

/* Return: false when the terminal is gone */
static bool await_key(int64_t wait_ms)
{
	struct timespec wait = { wait_ms / 1000, wait_ms % 1000 * 1000000 };
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };

	ppoll(&keys, 1, wait_ms < 0 ? NULL : &wait, &awaiting);
	return !(keys.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void run(struct top_state *s, const char *device, uint64_t count)
{
	uint64_t samples = 0;
	char why[512] = "";
	int64_t next = 0;
	int key;

	timeout(0);
	while (!s->quit && !caught) {
		if (!s->paused && now_ms() >= next) {
			next = now_ms() + s->interval_ms;
			top_source_take(device, s->model, focus(s), why, sizeof(why));
			top_state_sampled(s);
			samples++;
		}
		s->page_rows = LINES > 5 ? LINES - 4 : 1;
		top_state_rows(s);
		top_draw(s, why);
		/* The first sample has no rates. */
		if (count && samples > count)
			break;
		if (!await_key(s->paused ? -1 : next > now_ms() ? next - now_ms() : 0))
			break;
		/* What is typed after q is not for this program. */
		while (!s->quit && (key = getch()) != ERR) {
			if (top_key(s, key))
				top_source_look(device, s->model, focus(s));
			top_state_rows(s);
		}
	}
}

int top_screen(struct top_state *s, const char *device, uint64_t count)
{
	char why[512];

	check_terminal();
	/* What is wrong from the start is said where it stays to be read. */
	if (top_source_take(device, s->model, 0, why, sizeof(why)))
		fail(EXIT_RUNTIME, "%s", why);
	open_screen();
	run(s, device, count);
	restore();
	if (caught && caught != SIGINT) {
		signal(caught, SIG_DFL);
		raise(caught);
		sigprocmask(SIG_SETMASK, &awaiting, NULL);
	}
	return EXIT_SUCCESS;
}
