-- Signs what goes out (RFC 6376), and refuses mail whose From is not its sender's. Both are asked of programs/keys.py, which asks
-- PostgreSQL: nothing is kept here, so a key that was changed signs the next mail. When it can't be asked, mail is put off.
local logger = require "rspamd_logger"
local http = require "rspamd_http"
local ucl = require "ucl"

local URL = 'http://127.0.0.1:11390/sign'

-- The addresses of the From header; nil where there is no such thing as the one From of RFC 5322, or where it can't be read: mail
-- programs may read it otherwise. None where there is no such header.
local function authors(task)
  local headers = task:get_header_count('From')
  if headers > 1 then
    return nil
  end
  local found = {}
  for _, from in ipairs(task:get_from('mime') or {}) do
    if not (from.addr or ''):match('^[^%s@]+@[^%s@]+$') then
      return nil
    end
    found[#found + 1] = from.addr:lower()
  end
  if headers == 1 and #found == 0 then
    return nil
  end
  return found
end

local function put_off(task, why)
  logger.errx(task, 'not signed: %s', why)
  task:set_pre_result('soft reject', 'Can not be signed at present, try again later', 'berth')
end

-- The mailbox that redirects this. Dovecot writes these two lines before all others, so no text of a reply can bring them along.
local function redirects(task)
  local head = tostring(task:get_raw_headers() or ''):gsub('\r\n', '\n')
  return head:match('^X%-Sieve: [^\n]*\nX%-Sieve%-Redirected%-From: (%S+)\n')
end

local function act(task, login, answer)
  if answer.says then
    if answer.says ~= 'DUNNO' then
      local is_final = answer.says:sub(1, 1) == '5'
      task:set_pre_result(is_final and 'reject' or 'soft reject', answer.says:gsub('^%d+ [%d.]+ ', ''), 'berth')
    end
    return
  end
  if not answer.is_owner then
    if task:get_user() or not redirects(task) then
      task:set_pre_result('reject', 'The From address is not one that ' .. login .. ' may send as', 'berth')
    end
    return
  end
  if answer.key then
    local signed = rspamd_plugins.dkim.sign(task, {
      rawkey = answer.key,
      domain = answer.domain,
      selector = answer.selector,
    })
    if signed then
      task:insert_result('BERTH_SIGNED', 0.0, answer.domain .. ':s=' .. answer.selector)
    else
      put_off(task, 'the key of ' .. answer.domain .. ' can not be used')
    end
  end
end

local function ask(task, login, what)
  local asked = http.request({
    task = task,
    url = URL,
    method = 'POST',
    mime_type = 'application/json',
    body = ucl.to_format(what, 'json-compact'),
    timeout = 5.0,
    callback = function(err, code, body)
      if err or code ~= 200 then
        return put_off(task, err or ('keys answered ' .. tostring(code)))
      end
      local parser = ucl.parser()
      local good, wrong = parser:parse_string(body)
      if not good then
        return put_off(task, wrong)
      end
      act(task, login, parser:get_object())
    end,
  })
  if not asked then
    put_off(task, 'keys can not be asked')
  end
end

local function sign(task)
  local ip = task:get_from_ip()
  local login = task:get_user()
  if not login then
    -- Dovecot, for the mailbox that it names as sender.
    if not (ip and ip:is_valid() and ip:to_string() == '127.0.0.1') then
      return
    end
    local sender = task:get_from('smtp')
    login = sender and sender[1] and sender[1].addr or ''
    if login == '' then
      -- A redirect of mail without a sender has none, either, but somebody redirects it.
      local redirector = redirects(task)
      if redirector then
        ask(task, redirector:lower(), { login = redirector:lower(), recipients = #(task:get_recipients('smtp') or {}) })
      end
      return
    end
  end
  login = login:lower()
  local from = authors(task)
  if not from then
    task:set_pre_result('reject', 'A mail has one From header with addresses like name@example.com', 'berth')
    return
  end
  ask(task, login, { login = login, from = table.concat(from, ' ') })
end

local parent = rspamd_config:register_symbol({
  name = 'BERTH_SIGN',
  type = 'callback',
  flags = 'empty',
  group = 'berth',
  score = 0.0,
  callback = sign,
})
rspamd_config:register_symbol({
  name = 'BERTH_SIGNED',
  type = 'virtual',
  parent = parent,
  group = 'berth',
  score = 0.0,
})

-- What an installation is tried with: these words in a mail's text make it spam, and spam that is held. (GTUBE, which rspamd has of its
-- own, is refused.)
config['regexp']['BERTH_TEST_JUNK'] = {
  re = '/berth-spam-test-7d1f-junk/{sa_body}',
  score = 8.0,
  group = 'berth',
}
config['regexp']['BERTH_TEST_HELD'] = {
  re = '/berth-spam-test-7d1f-held/{sa_body}',
  score = 30.0,
  group = 'berth',
}
