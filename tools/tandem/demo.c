/* tandem demo call: hands over to the script that has the phones. */
#include <stdio.h>
#include <unistd.h>

#include "tandem/command.h"

#define SCRIPT "deploy/demo/call.py"
#define PYTHON "/usr/bin/python3"

int command_demo_call(const struct command_options *options, int argc, char **argv)
{
    (void)argv;
    if (argc != 0)
        return command_fail(2, "usage: tandem demo call");
    if (access(SCRIPT, R_OK) != 0)
        return command_fail(1, "%s is not here: run it from the folder of the source", SCRIPT);
    (void)execl(PYTHON, PYTHON, SCRIPT, "--site", options->site_file, (char *)NULL);
    return command_fail(1, "%s cannot be started", PYTHON);
}
