-- Brings the accounts that the customer listed to the passwords that stand there, each time the server starts. They come
-- by the environment, so no process list and no file shows them. Accounts that are not listed any more cannot sign in:
-- they are kept, with what they wrote, under a password that nobody knows.
local usermanager = require "core.usermanager";
local id = require "util.id";
local jid_prep = require "util.encodings".stringprep.nodeprep;

local host = module.host;
local wanted = { [os.getenv("ADMIN_NAME")] = os.getenv("ADMIN_PASSWORD") };

for line in (os.getenv("ACCOUNTS") or ""):gmatch("[^\n]+") do
	local name, password = line:match("^([^:]+):(.+)$");
	if name then
		wanted[jid_prep(name) or name] = wanted[name] or password;
	end
end

for name, password in pairs(wanted) do
	local ok, err;
	if usermanager.user_exists(name, host) then
		if not usermanager.test_password(name, host, password) then
			ok, err = usermanager.set_password(name, password, host);
		else
			ok = true;
		end
	else
		ok, err = usermanager.create_user(name, password, host);
	end
	if not ok then
		module:log("error", "The account %s could not be set: %s", name, err);
	end
end

for name in usermanager.users(host) do
	if not wanted[name] then
		usermanager.set_password(name, id.long() .. id.long(), host);
	end
end
