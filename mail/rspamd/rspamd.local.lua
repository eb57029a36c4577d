-- Signs what goes out (RFC 6376), and refuses mail whose From is not its sender's. Both are asked of programs/keys.py, which asks
-- PostgreSQL: nothing is kept here, so a key that was changed signs the next mail. When it can't be asked, mail is put off.
local logger = require "rspamd_logger"
local http = require "rspamd_http"
local ucl = require "ucl"

local URL = 'http://127.0.0.1:11390/sign'

-- The addresses of the From header; nil where there is no such thing as the one From of RFC 5322.
local function authors(task)
  if task:get_header_count('From') > 1 then
    return nil
  end
  local found = {}
  for _, from in ipairs(task:get_from('mime') or {}) do
    if from.addr and from.addr ~= '' then
      found[#found + 1] = from.addr:lower()
    end
  end
  return found
end

local function put_off(task, why)
  logger.errx(task, 'not signed: %s', why)
  task:set_pre_result('soft reject', 'Can not be signed at present, try again later', 'berth')
end

local function act(task, login, answer)
  if not answer.is_owner then
    if task:get_user() then
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
      return
    end
  end
  login = login:lower()
  local from = authors(task)
  if not from then
    task:set_pre_result('reject', 'A mail has one From header', 'berth')
    return
  end
  local asked = http.request({
    task = task,
    url = URL,
    method = 'POST',
    mime_type = 'application/json',
    body = ucl.to_format({ login = login, from = table.concat(from, ' ') }, 'json-compact'),
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
