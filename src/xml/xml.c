/* xml: to come. */
typedef int xml_to_come;
