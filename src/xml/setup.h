/* setup: libxml2 as a whole made quiet and blind, before the first use in a thread. */
#ifndef MUSTER_XML_SETUP_H
#define MUSTER_XML_SETUP_H

void xml_setup(void);

#endif
