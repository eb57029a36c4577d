<?php
// The wiki's settings are on the volume; Debian's defaults are renewed there at each start.
define('DOKU_CONF', '/srv/wiki/conf/');
