/*
 * setup: what libxml2 keeps for the whole process.
 *
 * Nothing is loaded from outside, whatever a document says; and nothing is said to stderr (it would hold bytes of the
 * document): errors reach us through the contexts.
 */
#include "setup.h"

#include <threads.h>

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

static once_flag once = ONCE_FLAG_INIT;

static xmlParserInputPtr load_nothing(const char *url, const char *id, xmlParserCtxtPtr context)
{
	(void)url;
	(void)id;
	(void)context;
	return NULL;
}

static void say_nothing(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

static void setup_process(void)
{
	xmlInitParser();
	xmlSetExternalEntityLoader(load_nothing);
}

void xml_setup(void)
{
	call_once(&once, setup_process);
	/* libxml2 keeps this one per thread. */
	xmlSetGenericErrorFunc(NULL, say_nothing);
}
