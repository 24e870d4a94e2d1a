// SPDX-License-Identifier: GPL-2.0-or-later
/* libkvmstats: the override file, line by line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "names.h"

#define UUID	"0f2c1d3e-4b5a-6978-8796-a5b4c3d2e1f0"

/* In memory as long as the text is, so that ASan sees a read past it. */
static int parse(const char *text, struct overrides *o, unsigned int *line)
{
	size_t len = strlen(text);
	char *copy = malloc(len);
	int ret;

	memcpy(copy, text, len);
	ret = overrides_parse(text_of(copy, len), o, line);
	free(copy);
	return ret;
}

static const char *name_of(const struct overrides *o, const char *uuid, const char *name)
{
	struct identity id = { 0 };

	strcpy(id.uuid, uuid);
	strcpy(id.name, name);
	return overrides_find(o, &id);
}

static void vms_are_found_by_uuid_and_then_by_name(void **state)
{
	struct overrides o;
	unsigned int line;

	(void)state;
	assert_int_equal(parse("# ours\n"
			       "\n"
			       "  name=instance-0000001a   web  front \t\n"
			       "uuid=0F2C1D3E-4B5A-6978-8796-A5B4C3D2E1F0\tdatabase # 1\n"
			       "\t# more\n"
			       "name=other x", &o, &line), 0);
	assert_string_equal(name_of(&o, "", "instance-0000001a"), "web  front");
	assert_string_equal(name_of(&o, UUID, ""), "database # 1");
	assert_string_equal(name_of(&o, UUID, "other"), "database # 1");
	assert_string_equal(name_of(&o, "00000000-4b5a-6978-8796-a5b4c3d2e1f0", "other"), "x");
	assert_null(name_of(&o, "", "instance-0000001"));
	assert_null(name_of(&o, "", UUID));
	assert_null(name_of(&o, "", ""));
	overrides_clear(&o);
}

static void any_byte_can_be_written(void **state)
{
	struct overrides o;
	unsigned int line;

	(void)state;
	assert_int_equal(parse("name=a\\x20b\\x5c=\\xC3\\xa4 \\x20\\x09\xc3\xb6\\x7f\n", &o, &line), 0);
	assert_string_equal(name_of(&o, "", "a b\\=\xc3\xa4"), " \t\xc3\xb6\x7f");
	overrides_clear(&o);
}

static void files_without_names_are_accepted(void **state)
{
	static const char *const files[] = { "", "\n", "#", "\t\n\n#\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct overrides o;
		unsigned int line;

		assert_int_equal(parse(files[i], &o, &line), 0);
		assert_null(name_of(&o, UUID, "x"));
		overrides_clear(&o);
	}
}

static void bad_lines_are_refused_by_number(void **state)
{
	static const struct {
		const char *file;
		unsigned int line;
	} bad[] = {
		{ "web", 1 },
		{ "web front", 1 },
		{ "name=a", 1 },
		{ "name=a ", 1 },
		{ "name= b", 1 },
		{ "name=", 1 },
		{ "=a b", 1 },
		{ "Name=a b", 1 },
		{ "pid=1 b", 1 },
		{ "uuid=a b", 1 },
		{ "uuid=" UUID, 1 },
		{ "uuid=" UUID "0 b", 1 },
		{ "\n# x\nname=a b\nname=c\n", 4 },
		{ "name=a \\", 1 },
		{ "name=a \\x", 1 },
		{ "name=a \\x4", 1 },
		{ "name=a \\x4g", 1 },
		{ "name=a \\n", 1 },
		{ "name=a b\\x00c", 1 },
		{ "name=a\\x00 b", 1 },
		{ "name=a b\r\n", 1 },
		{ "name=a b\x1b[1m", 1 },
		{ "name=a b\x7f", 1 },
		{ "name=a b\nname=c d\nname=a e", 3 },
		{ "name=c 1\nname=a 1\nname=a 2\nname=a 3\nname=c 2", 3 },
		{ "uuid=" UUID " a\nuuid=0F2C1D3E-4B5A-6978-8796-A5B4C3D2E1F0 b", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct overrides o;
		unsigned int line = 0;

		if (parse(bad[i].file, &o, &line) != -EBADMSG || line != bad[i].line)
			fail_msg("'%s': line %u", bad[i].file, line);
	}
}

static void names_are_not_cut(void **state)
{
	char file[600] = "name=a ";
	struct overrides o;
	unsigned int line;

	(void)state;
	memset(file + 7, 'x', KVMSTATS_MAX_VM_NAME);
	assert_int_equal(parse(file, &o, &line), 0);
	assert_int_equal(strlen(name_of(&o, "", "a")), KVMSTATS_MAX_VM_NAME);
	overrides_clear(&o);
	file[7 + KVMSTATS_MAX_VM_NAME] = 'x';
	assert_int_equal(parse(file, &o, &line), -EBADMSG);
	assert_int_equal(line, 1);

	assert_int_equal(overrides_parse(text_of("name=a b\0c", 10), &o, &line), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vms_are_found_by_uuid_and_then_by_name),
		cmocka_unit_test(any_byte_can_be_written),
		cmocka_unit_test(files_without_names_are_accepted),
		cmocka_unit_test(bad_lines_are_refused_by_number),
		cmocka_unit_test(names_are_not_cut),
	};

	return cmocka_run_group_tests_name("libkvmstats: override file", tests, NULL, NULL);
}
