#include "tandem/zone.h"

const struct td_history_statement zone_statement = {
    "company_zone", "SELECT set_config('TimeZone', time_zone, true) FROM tandem.company "
                    "WHERE tenant = $1"};
