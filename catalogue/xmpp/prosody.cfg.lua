-- A chat server for one organisation: what the customer answered comes by the environment
-- (ENV_ is how Prosody names it).
local domain = ENV_XMPP_DOMAIN

data_path = "/var/lib/prosody/data"
certificates = "/var/lib/prosody/tls"
pidfile = "/run/prosody/prosody.pid"
plugin_paths = { "/usr/local/lib/prosody/modules" }
admins = { ENV_ADMIN_NAME .. "@" .. domain }
log = { { levels = { min = "info" }, to = "console" } }

interfaces = { "*" }
c2s_ports = { 5222 }
c2s_direct_tls_ports = { 5223 }
-- Other domains' servers find one by its name and port 5269, which a server with given ports does not have.
s2s_ports = {}
component_ports = {}
modules_disabled = { "s2s", "offline_s2s" }

modules_enabled = {
    "roster", "saslauth", "tls", "disco", "carbons", "pep", "private", "blocklist", "bookmarks",
    "vcard4", "vcard_legacy", "version", "uptime", "time", "ping", "mam", "csi_simple", "smacks",
    "limits", "groups", "admin_adhoc", "announce", "user_account_management", "berth_accounts",
}

authentication = "internal_hashed"
allow_registration = false
c2s_require_encryption = true
storage = "internal"
groups_file = "/run/prosody/groups"
archive_expires_after = ENV_ARCHIVE_DAYS .. "d"
default_archive_policy = true
limits = { c2s = { rate = "256kb/s" } }
storage_archive_item_limit = 100000

VirtualHost(domain)

Component("rooms." .. domain, "muc")
    name = "Rooms"
    restrict_room_creation = "local"
    modules_enabled = { "muc_mam" }
    muc_log_by_default = true
    muc_log_expires_after = ENV_ARCHIVE_DAYS .. "d"
