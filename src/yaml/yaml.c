/* yaml: to come. */
typedef int yaml_to_come;
